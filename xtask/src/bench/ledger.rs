//! The log beside SQLite and PostgreSQL, on one disk, in turns: the disk of a shared machine changes its mind by the
//! minute, so only what was measured in one round is compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::steps::{self, target};

const ROUNDS: usize = 5;
const SECONDS: &str = "3";

pub(super) fn run(entries: &str) -> Result<(), String> {
    steps::call(
        "cargo",
        &["build", "--release", "--quiet", "--package", "phiward-tlog", "--example", "load"],
    )?;
    let place = target().join("bench/ledger");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    let sqlite = Sqlite::of(&place)?;
    let postgres = Postgres::start(&place);
    if let Err(reason) = &postgres {
        println!("PostgreSQL is left out: {reason}");
    }
    let mut table = Table::default();
    for _ in 0..ROUNDS {
        for (name, mode, words) in [
            ("one writer, 500 B", "one", &[SECONDS][..]),
            ("256 tasks, 500 B", "many", &[SECONDS, "256"]),
            ("one writer, 32 at once", "batches", &[SECONDS, "32"]),
        ] {
            let folder = fresh(&place.join("log"))?;
            table.add(&format!("phiward, {name}"), &load(mode, &folder, words)?);
        }
        if let Some(sqlite) = &sqlite {
            table.add("SQLite WAL, synchronous=FULL, one writer", &sqlite.insert("wal", 1)?);
            table.add("SQLite rollback journal (its default), one writer", &sqlite.insert("delete", 1)?);
            table.add("SQLite WAL, synchronous=FULL, 256 at once", &sqlite.insert("wal", 256)?);
        }
        if let Ok(postgres) = &postgres {
            table.add("PostgreSQL, one client", &postgres.insert(1)?);
            table.add("PostgreSQL, 64 clients", &postgres.insert(64)?);
        }
    }
    drop(postgres);
    table.print();
    let folder = fresh(&place.join("events"))?;
    println!();
    for (mode, words) in [("fill", &[entries][..]), ("verify", &[]), ("seal", &[])] {
        println!("{mode} {}", words.join(" "));
        for (name, value) in load(mode, &folder, words)? {
            println!("  {name:<26} {value}");
        }
    }
    let _ = std::fs::remove_dir_all(&place);
    Ok(())
}

/// A folder that is not there yet.
fn fresh(folder: &Path) -> Result<PathBuf, String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(folder.to_owned()),
    }
}

type Figures = Vec<(String, f64)>;

fn figures(mut command: Command) -> Result<Figures, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect())
}

fn load(mode: &str, folder: &Path, words: &[&str]) -> Result<Figures, String> {
    let mut command = Command::new(target().join("release/examples/load"));
    command.arg(mode).arg(folder).args(words);
    figures(command)
}

/// Each row's rounds, by figure.
#[derive(Default)]
struct Table {
    rows: Vec<(String, BTreeMap<String, Vec<f64>>)>,
}

impl Table {
    fn add(&mut self, name: &str, figures: &Figures) {
        let at = self.rows.iter().position(|(row, _)| row == name).unwrap_or_else(|| {
            self.rows.push((name.to_owned(), BTreeMap::new()));
            self.rows.len() - 1
        });
        if let Some((_, row)) = self.rows.get_mut(at) {
            for (figure, value) in figures {
                row.entry(figure.clone()).or_default().push(*value);
            }
        }
    }

    /// Medians, and the range of appends a second.
    fn print(&self) {
        println!(
            "{:<52} {:>10} {:>19} {:>9} {:>9} {:>8}",
            "", "appends/s", "range", "p50 ms", "p99 ms", "CPU us"
        );
        for (name, row) in &self.rows {
            let sorted = |figure: &str| {
                let mut values = row.get(figure).cloned().unwrap_or_default();
                values.sort_by(f64::total_cmp);
                values
            };
            let middle = |figure: &str, digits: usize| {
                let values = sorted(figure);
                values.get(values.len() / 2).map_or_else(String::new, |value| format!("{value:.digits$}"))
            };
            let rates = sorted("appends_per_second");
            let range = match (rates.first(), rates.last()) {
                (Some(least), Some(most)) => format!("{least:.0} to {most:.0}"),
                _ => String::new(),
            };
            println!(
                "{name:<52} {:>10} {range:>19} {:>9} {:>9} {:>8}",
                middle("appends_per_second", 0),
                middle("p50_ms", 3),
                middle("p99_ms", 3),
                middle("cpu_us_per_append", 2),
            );
        }
    }
}

const INSERT: &str = r#"
import os, resource, sqlite3, sys, time
path, journal, batch, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
db = sqlite3.connect(path, isolation_level=None)
db.execute("pragma journal_mode=" + journal)
db.execute("pragma synchronous=full")
db.execute("create table entry(id integer primary key, body blob)")
body, count, waits, start = b"e" * 500, 0, [], time.monotonic()
while time.monotonic() - start < seconds:
    asked = time.monotonic()
    db.execute("begin immediate")
    db.executemany("insert into entry(body) values(?)", [(body,)] * batch)
    db.execute("commit")
    waits.append(time.monotonic() - asked)
    count += batch
took, usage = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
waits.sort()
print("appends_per_second", count / took)
print("p50_ms", waits[len(waits) // 2] * 1e3)
print("p99_ms", waits[len(waits) * 99 // 100] * 1e3)
print("cpu_us_per_append", (usage.ru_utime + usage.ru_stime) * 1e6 / count)
"#;

struct Sqlite {
    place: PathBuf,
    script: PathBuf,
}

impl Sqlite {
    fn of(place: &Path) -> Result<Option<Self>, String> {
        if !steps::answers("python3", &["-c", "import sqlite3"]) {
            println!("SQLite is left out: it needs python3");
            return Ok(None);
        }
        let script = place.join("insert.py");
        std::fs::write(&script, INSERT).map_err(|error| format!("{}: {error}", script.display()))?;
        Ok(Some(Self { place: place.to_owned(), script }))
    }

    fn insert(&self, journal: &str, batch: usize) -> Result<Figures, String> {
        let folder = fresh(&self.place.join("sqlite"))?;
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut command = Command::new("python3");
        command.arg(&self.script).arg(folder.join("log.db")).arg(journal).arg(batch.to_string()).arg(SECONDS);
        figures(command)
    }
}

/// A server of its own in a folder of its own, on a socket in that folder.
struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    server: Child,
}

impl Postgres {
    fn start(place: &Path) -> Result<Self, String> {
        let versions =
            std::fs::read_dir("/usr/lib/postgresql").map_err(|_| "it is not installed".to_owned())?;
        let programs = versions
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|programs| programs.join("postgres").is_file() && programs.join("pgbench").is_file())
            .max()
            .ok_or("its server or pgbench is not installed")?;
        let folder = place.join("postgres");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let shown = folder.display().to_string();
        if as_root() {
            steps::call("chown", &["postgres", &shown])?;
        }
        let data = folder.join("data").display().to_string();
        let mut initialise = as_postgres(&programs.join("initdb"));
        initialise
            .args(["--no-sync", "--auth=trust", "--username=postgres", "-D", &data])
            .stdout(Stdio::null());
        steps::call_command(initialise)?;
        let mut server = as_postgres(&programs.join("postgres"));
        server.args(["-D", &data, "-k", &shown, "-c", "listen_addresses=", "-c", "synchronous_commit=on"]);
        let log = std::fs::File::create(folder.join("log")).map_err(|error| error.to_string())?;
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let server = server.spawn().map_err(|error| error.to_string())?;
        let postgres = Self { programs, folder, server };
        for _ in 0..100 {
            if postgres.sql("create table entry(id bigserial primary key, body bytea)").is_ok() {
                let insert = "insert into entry(body) values(convert_to(repeat('e', 500), 'UTF8'));\n";
                std::fs::write(postgres.folder.join("insert.sql"), insert)
                    .map_err(|error| error.to_string())?;
                return Ok(postgres);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err("its server did not answer within ten seconds".to_owned())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = as_postgres(&self.programs.join(program));
        command.args(["-h", &self.folder.display().to_string(), "-U", "postgres"]);
        command
    }

    fn sql(&self, text: &str) -> Result<(), String> {
        let mut psql = self.client("psql");
        psql.args(["-q", "-c", text, "postgres"]).stderr(Stdio::null());
        steps::call_command(psql)
    }

    fn insert(&self, clients: usize) -> Result<Figures, String> {
        self.sql("truncate entry")?;
        let script = self.folder.join("insert.sql").display().to_string();
        let mut bench = self.client("pgbench");
        let clients = clients.to_string();
        bench.args([
            "-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", SECONDS, "-f", &script, "postgres",
        ]);
        let output = bench.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let value = |start: &str| -> Option<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(start))?;
            line.split_whitespace().next()?.parse().ok()
        };
        match (value("tps = "), value("latency average = ")) {
            (Some(rate), Some(mean)) => {
                Ok(vec![("appends_per_second".to_owned(), rate), ("p50_ms".to_owned(), mean)])
            }
            _ => Err(format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr))),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_postgres(&self.programs.join("pg_ctl"));
        let data = self.folder.join("data").display().to_string();
        stop.args(["stop", "-D", &data, "-m", "fast"]).stdout(Stdio::null());
        let _stopped = steps::call_command(stop);
        let _ended = self.server.wait();
    }
}

fn as_root() -> bool {
    steps::answers("sh", &["-c", "test \"$(id -u)\" = 0"])
}

/// The server refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if as_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}
