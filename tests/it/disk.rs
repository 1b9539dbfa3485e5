//! Disks that are full, slow, torn or not to be written: nothing that was answered 200 is lost, and nothing is begun anew.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::binary::Binary;
use crate::harness::meta::Meta;
use crate::harness::{ADA, SHOP, environment, settings, skipped, until};

/// A large message.
fn message(number: usize) -> Value {
    json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": number,
        "message": {"mid": format!("m_{number}"), "text": "x".repeat(2000)}})
}

/// How many events are kept.
async fn kept(meta: &Meta, admin: &str) -> usize {
    let (mut kept, mut after) = (0, String::new());
    loop {
        let page = meta.json(format!("http://{admin}/api/events?limit=500{after}")).await;
        kept += page["events"].as_array().expect("events").len();
        let Some(next) = page["next"].as_str() else { return kept };
        after = format!("&after={next}");
    }
}

/// Makes a library before which each flush takes long, and is counted in the file that `FLUSHES` names.
fn slow_flushes(folder: &Path) -> String {
    let (source, library) = (folder.join("slow_flush.c"), folder.join("slow_flush.so"));
    std::fs::write(&source, include_str!("disk/slow_flush.c")).expect("a file");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    assert!(built.expect("cc runs").success());
    library.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_keeps_many_deliveries_with_one_flush_and_none_before_it() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let flushes = folder.path().join("flushes");
    settings.push(("LD_PRELOAD".into(), slow_flushes(folder.path())));
    settings.push(("FLUSHES".into(), flushes.display().to_string()));
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (public, admin) = server.addresses();
    let count = || std::fs::metadata(&flushes).map_or(0, |file| file.len());
    let before = count();
    let (public, meta) = (&public, &meta);
    let answers = join_all((0..100).map(|number| async move {
        let item = message(number);
        meta.deliver(public, SHOP, &item).await
    }))
    .await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    let took = count() - before;
    assert!((1..100).contains(&took), "{took} flushes for 100 deliveries");
    // What was answered is there whatever happens now.
    server.kill();
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (_, admin_again) = server.addresses();
    drop(admin);
    assert_eq!(kept(meta, &admin_again).await, 100);
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_503_and_nothing_is_lost_once_there_is_room() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start_in_little_room(folder.path(), &["serve"], &settings, 512 * 1024);
    let (public, admin) = server.addresses();
    let deliver = async |number| meta.deliver(&public, SHOP, &message(number)).await.as_u16();
    let (mut taken, mut refused) = (0, 0);
    // A checkpoint may find a little room once more.
    while refused < 20 {
        match deliver(taken).await {
            200 => (taken, refused) = (taken + 1, 0),
            status => {
                assert_eq!(status, 503);
                refused += 1;
            }
        }
        assert!(taken < 5_000, "half a megabyte holds fewer");
    }
    let ready = async || meta.http.get(format!("http://{admin}/readyz")).send().await.expect("an answer");
    let mut unready = ready().await;
    for _ in 0..1_000 {
        if unready.status() == 503 {
            break;
        }
        // A checkpoint has found a little room after all: it is filled as well.
        taken += usize::from(deliver(taken).await == 200);
        unready = ready().await;
    }
    assert_eq!(unready.status(), 503);
    assert!(unready.text().await.expect("a body").contains("the disk of the store"));
    server.give_room();
    let number = taken;
    until(|| async {
        let status = deliver(number).await;
        if status == 200 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    assert_eq!(kept(&meta, &admin).await, taken + 1, "what was answered 200 is there, and nothing else");
    // The result of the last probe counts for a second.
    until(|| async { if ready().await.status() == 200 { Ok(()) } else { Err("not ready".to_owned()) } }).await;
    server.signal("TERM");
    assert!(server.ended().success());
}

/// A store that a server has made and closed, and what stands in it.
fn made(meta: &Meta, folder: &Path) -> (PathBuf, Vec<u8>) {
    let mut server = meta.serve(folder);
    server.addresses();
    assert!(server.terminate().success());
    let path = folder.join("rejoinder.db");
    let whole = std::fs::read(&path).expect("the store");
    (path, whole)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_store_is_told_and_never_begun_anew() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let (path, whole) = made(&meta, folder.path());
    let torn: [Vec<u8>; 3] = [
        whole[..whole.len() / 2].to_vec(),
        whole.iter().enumerate().map(|(at, byte)| if at < 4096 { *byte } else { 0xAA }).collect(),
        b"SQLite format 3\0 and then nothing that belongs there".to_vec(),
    ];
    for bytes in torn {
        std::fs::write(&path, &bytes).expect("written");
        let mut server = meta.serve(folder.path());
        assert_eq!(server.ended().code(), Some(1), "{:#?}", server.log);
        let told = server.log.join("\n");
        assert!(told.contains("rejoinder.db") && told.contains("cannot be opened"), "{told}");
        assert_eq!(std::fs::read(&path).expect("the file"), bytes, "it is left as it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_may_not_be_written_is_told_and_left_as_it_is() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let (path, whole) = made(&meta, folder.path());
    let allow = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    allow(&folder.path().join("rejoinder.db.lock"), 0o666);
    let settings = environment(&settings(&meta.url, "rejoinder.db", "echo"));
    // A store that is only to be read, a folder that is, and such a folder without a store.
    for (in_folder, in_file, is_there) in [(0o777, 0o444, true), (0o555, 0o666, true), (0o555, 0o666, false)] {
        if !is_there {
            allow(folder.path(), 0o777);
            std::fs::remove_file(&path).expect("removed");
            std::fs::remove_file(folder.path().join("rejoinder.db.lock")).expect("removed");
        } else {
            allow(&path, in_file);
        }
        allow(folder.path(), in_folder);
        let Some(mut server) = Binary::start_bound(folder.path(), &["serve"], &settings) else {
            skipped::tell("root runs this, and no other user may run the binary");
            return;
        };
        server.line_with("must be allowed to write");
        assert_eq!(server.ended().code(), Some(1), "{:#?}", server.log);
        let told = server.log.join("\n");
        assert!(told.contains("rejoinder.db") && told.contains("cannot be opened"), "{told}");
        assert_eq!(std::fs::read(&path).ok(), is_there.then(|| whole.clone()));
    }
    allow(folder.path(), 0o777);
}

/// What is said of a damage to a store, what does it, and how many events are there after the restart, which follows the advice.
type Damage = (&'static str, fn(&Path), usize);

/// How many events stand in the copy that is restored.
const IN_COPY: usize = 1;

/// How many events were answered 200.
const TAKEN: usize = 3;

/// What can happen to a store while a server runs on it.
const DAMAGES: [Damage; 8] = [
    ("deleted", |path| std::fs::remove_file(path).expect("removed"), IN_COPY),
    ("replaced", |path| swap(&path.with_extension("copy"), path), IN_COPY),
    ("cut short", |path| drop(std::fs::File::create(path).expect("emptied")), IN_COPY),
    (
        "overwritten",
        |path| {
            let mut file = std::fs::File::options().write(true).open(path).expect("a file");
            let length = file.metadata().expect("a file").len();
            file.write_all(&vec![0xAA; usize::try_from(length).expect("small")]).expect("written");
        },
        IN_COPY,
    ),
    ("deleted", |path| std::fs::remove_file(log_of(path)).expect("removed"), TAKEN),
    (
        "replaced",
        |path| {
            // In one step: the server looks at any moment, and would find the log deleted.
            let empty = path.with_extension("empty");
            std::fs::write(&empty, "").expect("written");
            std::fs::rename(empty, log_of(path)).expect("moved");
        },
        TAKEN,
    ),
    ("replaced", |path| swap(&path.with_extension("copy-wal"), &log_of(path)), TAKEN),
    ("cut short", |path| drop(std::fs::File::create(log_of(path)).expect("emptied")), IN_COPY),
];

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// Puts a copy of `from` in the place of `to`, as another file.
fn swap(from: &Path, to: &Path) {
    let other = to.with_extension("other");
    std::fs::copy(from, &other).expect("a copy");
    std::fs::rename(other, to).expect("moved");
}

fn count(path: &Path) -> rusqlite::Result<usize> {
    rusqlite::Connection::open(path)?.query_row("SELECT count(*) FROM event", [], |row| row.get(0))
}

/// Waits until the database file alone, without its log, holds so many events, and copies both.
async fn copied(path: &Path, events: usize) {
    let (copy, look) = (path.with_extension("copy"), path.with_extension("look"));
    until(|| async {
        std::fs::copy(path, &copy).expect("a copy");
        std::fs::copy(&copy, &look).expect("a copy");
        let found = count(&look);
        if found == Ok(events) { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
    std::fs::copy(log_of(path), path.with_extension("copy-wal")).expect("a copy");
}

/// Waits until the server tells what is to be done now that it has put right what it can.
async fn advised(meta: &Meta, admin: &str) -> String {
    until(|| async {
        let ready = meta.http.get(format!("http://{admin}/readyz")).send().await.expect("an answer");
        assert_eq!(ready.status(), 503);
        let body = ready.text().await.expect("a body");
        if body.contains("leave the server running") { Err(body) } else { Ok(body) }
    })
    .await
}

/// The last events stand in the log alone, because another program reads the store: so the first try to copy them into the file fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_lost_under_a_server_takes_nothing_more_and_restarts_with_what_it_should() {
    let meta = Meta::start().await;
    for (number, (told, damage, after)) in DAMAGES.into_iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rejoinder.db");
        let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
        let mut server = Binary::start(folder.path(), &["serve"], &settings);
        let (public, admin) = server.addresses();
        let deliver = async |number| meta.deliver(&public, SHOP, &message(number)).await.as_u16();
        for number in 0..IN_COPY {
            assert_eq!(deliver(number).await, 200);
        }
        copied(&path, IN_COPY).await;
        let reader = rusqlite::Connection::open(&path).expect("a store");
        reader.execute_batch("BEGIN; SELECT count(*) FROM event").expect("a read");
        for number in IN_COPY..TAKEN {
            assert_eq!(deliver(number).await, 200);
        }
        damage(&path);
        for number in TAKEN..6 {
            assert_eq!(deliver(number).await, 503, "{number}: {told}");
        }
        drop(reader);
        let advice = advised(&meta, &admin).await;
        assert!(advice.contains(told) && advice.contains("restart"), "{advice}");
        server.signal("TERM");
        assert!(server.ended().success());
        let lines = server.log.iter().filter(|line| line.contains("ERROR") && line.contains("the store is lost"));
        assert_eq!(lines.count(), 1, "{told}: {:#?}", server.log);
        if advice.contains("restore a copy") {
            std::fs::copy(path.with_extension("copy"), &path).expect("restored");
        }
        let mut server = Binary::start(folder.path(), &["serve"], &settings);
        let (_, admin) = server.addresses();
        assert_eq!(kept(&meta, &admin).await, after, "{number}: {told}");
        assert!(server.terminate().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vacuum_under_a_server_is_no_loss() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (public, admin) = server.addresses();
    let path = folder.path().join("rejoinder.db");
    let length = || std::fs::metadata(&path).expect("a file").len();
    let mut taken = 0;
    let mut deliver = async || {
        assert_eq!(meta.deliver(&public, SHOP, &message(taken)).await, 200, "{taken}");
        taken += 1;
        assert!(taken < 50_000, "the log is copied sooner");
    };
    for _ in 0..3 {
        let db = rusqlite::Connection::open(&path).expect("a store");
        let before = length();
        db.execute_batch("CREATE TABLE junk AS SELECT randomblob(1000000) AS x").expect("written");
        deliver().await;
        while length() < before + 1_000_000 {
            deliver().await;
        }
        // So that the server has seen the long file.
        deliver().await;
        let long = length();
        db.execute_batch("DROP TABLE junk; VACUUM").expect("written");
        // The log is copied whole, and the file cut, once nothing is written meanwhile.
        deliver().await;
        let is_short = async || if length() < long - 500_000 { Ok(()) } else { Err(length().to_string()) };
        until(is_short).await;
        for _ in 0..20 {
            deliver().await;
        }
    }
    assert_eq!(kept(&meta, &admin).await, taken);
    assert!(server.terminate().success());
}

/// A program that reads an older state of the store keeps the log from beginning anew: the operator is told, and the log is short
/// again once that program has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_keeps_the_log_long_is_warned_of() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (public, _) = server.addresses();
    assert_eq!(meta.deliver(&public, SHOP, &message(0)).await, 200);
    let path = folder.path().join("rejoinder.db");
    let reader = rusqlite::Connection::open(&path).expect("a store");
    reader.execute_batch("BEGIN; SELECT count(*) FROM event").expect("read");
    let other = rusqlite::Connection::open(&path).expect("a store");
    other.execute_batch("CREATE TABLE junk AS SELECT randomblob(70000000) AS x").expect("written");
    assert_eq!(meta.deliver(&public, SHOP, &message(1)).await, 200);
    let line = server.line_with("the store's log grows");
    assert!(line.contains("WARN") && line.contains("another program"), "{line}");
    drop(reader);
    let number = std::cell::Cell::new(2);
    let is_begun_anew = async || {
        assert_eq!(meta.deliver(&public, SHOP, &message(number.get())).await, 200);
        number.set(number.get() + 1);
        let frames: i64 = other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1)).expect("asked");
        if frames < 15_000 { Ok(()) } else { Err(format!("{frames} pages")) }
    };
    until(is_begun_anew).await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_the_store_that_fails_is_503_and_no_loss() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (public, admin) = server.addresses();
    let [path, other, knot] = ["rejoinder.db", "other.db", "knot"].map(|name| folder.path().join(name));
    assert_eq!(meta.deliver(&public, SHOP, &message(0)).await, 200);
    // A symlink that leads to itself cannot be followed. It comes and goes at once, so that a file is there at all times.
    std::fs::hard_link(&path, &other).expect("linked");
    std::os::unix::fs::symlink("rejoinder.db", &knot).expect("linked");
    std::fs::rename(&knot, &path).expect("moved");
    assert_eq!(meta.deliver(&public, SHOP, &message(1)).await, 503);
    std::fs::rename(&other, &path).expect("moved");
    assert_eq!(meta.deliver(&public, SHOP, &message(1)).await, 200);
    assert_eq!(kept(&meta, &admin).await, 2);
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_server_notices_that_its_store_is_gone_and_keeps_what_it_took() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (public, _) = server.addresses();
    for number in 0..3 {
        assert_eq!(meta.deliver(&public, SHOP, &message(number)).await, 200);
    }
    std::fs::remove_file(log_of(&folder.path().join("rejoinder.db"))).expect("removed");
    server.line_with("the store is lost");
    server.kill();
    let mut server = Binary::start(folder.path(), &["serve"], &settings);
    let (_, admin) = server.addresses();
    assert_eq!(kept(&meta, &admin).await, 3);
    assert!(server.terminate().success());
}
