// Verifies a log that lies in a folder, with golang.org/x/mod/sumdb: the signature, the root from the entries, an
// inclusion proof of every entry from the tiles, each *.tlog-proof file beside the log, and that the checkpoint `old`
// is its beginning.
//
// verifier FOLDER VKEY
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func wrong(what string) { must(fmt.Errorf("wrong"), what) }

func hashOf(text string) tlog.Hash {
	hash, err := tlog.ParseHash(text)
	must(err, text)
	return hash
}

// checkpoint opens a signed checkpoint: origin, size, root.
func checkpoint(message []byte, verifiers note.Verifiers) tlog.Tree {
	opened, err := note.Open(message, verifiers)
	must(err, "note")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		wrong("checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	return tlog.Tree{N: size, Hash: hashOf(lines[2])}
}

// tiles reads tiles where c2sp.org/tlog-tiles has them: sumdb puts the height before the level.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads the bundle at an index.
func entries(folder string, index, size int64) [][]byte {
	width := size - index*256
	if width > 256 {
		width = 256
	}
	path := tlog.Tile{H: 8, L: 0, N: index, W: int(width)}.Path()
	data, err := os.ReadFile(filepath.Join(folder, "tile/entries", strings.TrimPrefix(path, "tile/8/0/")))
	must(err, "bundle")
	var found [][]byte
	for len(data) > 0 {
		length := int(binary.BigEndian.Uint16(data))
		found = append(found, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(found)) != width {
		wrong(path)
	}
	return found
}

func main() {
	place, vkey := os.Args[1], os.Args[2]
	folder := filepath.Join(place, "log")
	verifier, err := note.NewVerifier(vkey)
	must(err, "key")
	verifiers := note.VerifierList(verifier)
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err, "checkpoint")
	tree := checkpoint(message, verifiers)

	var stored, leaves []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for index := int64(0); index*256 < tree.N; index++ {
		for _, entry := range entries(folder, index, tree.N) {
			hashes, err := tlog.StoredHashes(int64(len(leaves)), entry, reader)
			must(err, "hashes")
			stored = append(stored, hashes...)
			leaves = append(leaves, tlog.RecordHash(entry))
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	must(err, "root")
	if root != tree.Hash {
		wrong("root of the entries")
	}

	step := tree.N/1000 + 1
	checked := tlog.TileHashReader(tree, tiles{folder})
	for index := int64(0); index < tree.N; index += step {
		proof, err := tlog.ProveRecord(tree.N, index, checked)
		must(err, "tiles")
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaves[index]), "inclusion")
	}

	proofs, err := filepath.Glob(filepath.Join(place, "*.tlog-proof"))
	must(err, "proofs")
	for _, path := range proofs {
		data, err := os.ReadFile(path)
		must(err, path)
		head, message, _ := strings.Cut(string(data), "\n\n")
		proved := checkpoint([]byte(message), verifiers)
		lines := strings.Split(head, "\n")
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		must(err, path)
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			proof = append(proof, hashOf(line))
		}
		must(tlog.CheckRecord(proof, proved.N, proved.Hash, index, leaves[index]), path)
	}

	message, err = os.ReadFile(filepath.Join(place, "old"))
	must(err, "old")
	old := checkpoint(message, verifiers)
	text, err := os.ReadFile(filepath.Join(place, "consistency"))
	must(err, "consistency")
	var proof tlog.TreeProof
	for _, line := range strings.Fields(string(text)) {
		proof = append(proof, hashOf(line))
	}
	must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash), "consistency")
	fmt.Printf("%d entries, %d proofs, consistent with %d\n", tree.N, len(proofs), old.N)
}
