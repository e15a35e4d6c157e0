//! What only a folder can have wrong: its write-ahead log, partial files of other sizes, and files of others.

use super::{Folder, SEALED, segment, wal};
use crate::bundle;
use crate::error::Error;
use crate::fsck::{Expected, Gone, Report, fsck};
use crate::hash::TreeHash;
use crate::store::{Cut, Source as _};
use crate::tile::{Resource, Tile, WIDTH};

impl Folder {
    /// [`fsck`], and what else lies in the folder: the write-ahead log, partial files that are left of other sizes,
    /// and files that are none of the log's. Nothing is changed and nothing locked, so that what is being written to a
    /// log that is open shows as a cut.
    pub fn fsck(&self, expected: &Expected<'_>) -> Result<Report, Error> {
        let mut report = fsck(self, expected)?;
        self.check_wal(expected.origin, &mut report)?;
        self.check_names("", &Gone::of(expected.gone), &mut report)?;
        Ok(report)
    }

    /// How many entries lie in bundles, found by looking.
    pub(super) fn bundled(&self) -> Result<u64, Error> {
        let there = |index: u64| {
            let place = Resource::Entries(Tile::full(0, index)).to_string();
            let path = self.root.join(place);
            match self.disk.open_read(&path) {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(Error::io(&path)(error)),
            }
        };
        let mut end = 1_u64;
        while there(end - 1)? {
            end *= 2;
        }
        let (mut low, mut high) = (end / 2, end - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if there(middle)? { low = middle + 1 } else { high = middle }
        }
        let widths = self.widths(Resource::Entries(Tile::full(0, low)))?;
        Ok(low * WIDTH + widths.last().map_or(0, |width| u64::from(*width)))
    }

    fn check_wal(&self, origin: &str, report: &mut Report) -> Result<(), Error> {
        let origin = wal::origin_hash(origin);
        let folder = self.root.join("wal");
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io(&folder)(error)),
        };
        let numbers: Vec<u64> = names.iter().filter_map(|(name, _)| wal::number(name)).collect();
        let mut end = report.size;
        for number in &numbers {
            let path = folder.join(wal::name(*number));
            let file = format!("wal/{}", wal::name(*number));
            let bytes = self.disk.read(&path, segment::MAX_SEGMENT).map_err(Error::io(&path))?;
            let last = numbers.last() == Some(number);
            let Some(segment) = segment::read(&bytes, *number, &origin) else {
                if last {
                    report.cut.push(Cut { file, offset: 0, reason: "a segment was being begun" });
                } else {
                    report.tell(file, 0, "neither copy of the segment's header is whole", None);
                }
                continue;
            };
            if let Some(offset) = segment.odd_header {
                let offset = usize::try_from(offset).unwrap_or(0);
                report.tell(&file, offset, "one of the two copies of the header is not whole", None);
            }
            let at = usize::try_from(segment.end).unwrap_or(usize::MAX);
            if segment.damaged {
                report.tell(file, at, "a record that was acknowledged is damaged", None);
            } else if let Some(reason) = segment.torn {
                report.cut.push(Cut { file, offset: segment.end, reason });
            }
            end = end.max(segment.size());
        }
        report.unpublished = end - report.size;
        Ok(())
    }

    /// Looks at every name in the folder: partial files must be the beginnings of what is published.
    fn check_names(&self, below: &str, gone: &Gone, report: &mut Report) -> Result<(), Error> {
        let folder = self.root.join(below);
        for (name, is_folder) in self.disk.list(&folder).map_err(Error::io(&folder))? {
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            match (path.as_str(), is_folder) {
                ("checkpoint" | "lock" | SEALED, false) | ("wal" | "new", true) => {}
                (_, true) => self.check_names(&path, gone, report)?,
                (_, false) => match Resource::parse(&path) {
                    Ok(resource @ (Resource::Tile(tile) | Resource::Entries(tile))) => {
                        self.check_partial(resource, tile, gone, report)?;
                    }
                    _ => report.strays.push(path),
                },
            }
        }
        Ok(())
    }

    fn check_partial(
        &self,
        resource: Resource,
        tile: Tile,
        gone: &Gone,
        report: &mut Report,
    ) -> Result<(), Error> {
        let published = Tile::of_tree(tile.level(), tile.index(), report.size);
        if published == Some(tile) {
            return Ok(());
        }
        let Some(published) = published else {
            // Written, and the checkpoint that would speak of it was not.
            report.strays.push(resource.to_string());
            return Ok(());
        };
        let (shorter, fuller) = match resource {
            Resource::Entries(_) => (Resource::Entries(tile), Resource::Entries(published)),
            _ => (Resource::Tile(tile), Resource::Tile(published)),
        };
        if matches!(resource, Resource::Entries(_)) && gone.holds(published) {
            let reason = "entries that were deleted are still in a partial file: take it away";
            report.tell(resource, 0, reason, None);
            return Ok(());
        }
        let told = fuller.to_string();
        if report.defects.iter().any(|defect| defect.file == told) {
            return Ok(());
        }
        let (Some(found), Ok(Some(known))) = (self.read(shorter)?, self.read(fuller)) else { return Ok(()) };
        let width = tile.width().min(published.width());
        let begins = |bytes: &[u8]| match resource {
            Resource::Entries(_) => bundle::prefix(bytes, width).map(<[u8]>::len).ok(),
            _ => Some(usize::from(width) * TreeHash::LEN),
        };
        let Some(wanted) = begins(&known).and_then(|length| known.get(..length)) else { return Ok(()) };
        let differs = wanted.iter().zip(&found).position(|(wanted, found)| wanted != found);
        let offset = match differs {
            Some(offset) => offset,
            None if found.len() < wanted.len() => found.len(),
            None if tile.width() < published.width() && found.len() > wanted.len() => wanted.len(),
            None => return Ok(()),
        };
        let hash = wanted.get(offset / TreeHash::LEN * TreeHash::LEN..).and_then(|rest| rest.first_chunk());
        let expected = match resource {
            Resource::Tile(_) => hash.map(|hash| TreeHash(*hash).to_string()),
            _ => None,
        };
        report.tell(resource, offset, "a partial file is not the beginning of what was published", expected);
        Ok(())
    }
}
