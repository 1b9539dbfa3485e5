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
use crate::harness::{ADA, SHOP, environment, settings, until};

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
    let ready = async || meta.http.get(format!("http://{admin}/readyz")).send().await.expect("an answer").status();
    assert_eq!(ready().await, 503);
    server.give_room();
    let number = taken;
    until(|| async {
        let status = deliver(number).await;
        if status == 200 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    assert_eq!(kept(&meta, &admin).await, taken + 1, "what was answered 200 is there, and nothing else");
    assert_eq!(ready().await, 200);
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
            #[expect(clippy::print_stderr, reason = "whoever reads the run is to see that nothing was proved")]
            {
                eprintln!("skipped: root runs this, and nobody else may run the binary");
            }
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

/// What is said of a damage to a store, and what does it.
type Damage = (&'static str, fn(&Path));

/// What can happen to a store while a server runs on it.
const DAMAGES: [Damage; 7] = [
    ("deleted", |path| std::fs::remove_file(path).expect("removed")),
    ("replaced", |path| {
        let other = path.with_extension("other");
        std::fs::copy(path, &other).expect("a copy");
        std::fs::rename(other, path).expect("moved");
    }),
    ("cut short", |path| drop(std::fs::File::create(path).expect("emptied"))),
    ("overwritten", |path| {
        let mut file = std::fs::File::options().write(true).open(path).expect("a file");
        let length = file.metadata().expect("a file").len();
        file.write_all(&vec![0xAA; usize::try_from(length).expect("small")]).expect("written");
    }),
    ("deleted", |path| std::fs::remove_file(log_of(path)).expect("removed")),
    ("replaced", |path| {
        std::fs::remove_file(log_of(path)).expect("removed");
        std::fs::write(log_of(path), "").expect("written");
    }),
    ("cut short", |path| drop(std::fs::File::create(log_of(path)).expect("emptied"))),
];

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_lost_under_a_server_takes_nothing_more() {
    let meta = Meta::start().await;
    for (told, damage) in DAMAGES {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
        let mut server = Binary::start(folder.path(), &["serve"], &settings);
        let (public, admin) = server.addresses();
        for number in 0..3 {
            assert_eq!(meta.deliver(&public, SHOP, &message(number)).await, 200);
        }
        damage(&folder.path().join("rejoinder.db"));
        for number in 3..6 {
            assert_eq!(meta.deliver(&public, SHOP, &message(number)).await, 503, "{told}");
        }
        let ready = meta.http.get(format!("http://{admin}/readyz")).send().await.expect("an answer");
        assert_eq!(ready.status(), 503, "{told}");
        let body = ready.text().await.expect("a body");
        assert!(body.contains(told) && body.contains("restart"), "{body}");
        server.signal("TERM");
        assert!(server.ended().success());
        let lines = server.log.iter().filter(|line| line.contains("ERROR") && line.contains("the store is lost"));
        assert_eq!(lines.count(), 1, "{told}: {:#?}", server.log);
    }
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
