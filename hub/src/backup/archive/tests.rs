//! What is read as a backup, and what is not.

use super::*;

const NEWEST_LOG: i64 = 5;

fn manifest() -> Manifest {
    Manifest::new(NEWEST_LOG, 1_795_176_000_000, "epoch".to_owned(), 3)
}

fn hash_of(bytes: &[u8]) -> FileHash {
    FileHash::new(Sha256::digest(bytes).into())
}

/// A backup of these members.
fn backup(manifest: &Manifest, members: &[(Member, &[u8])]) -> Vec<u8> {
    let stop = Stop::default();
    let mut writing = Writing::begin(Vec::new(), manifest, &stop).unwrap();
    for (member, content) in members {
        writing.put(*member, content.len() as u64, &mut &**content).unwrap();
    }
    writing.finish().unwrap()
}

fn whole() -> Vec<u8> {
    let file = hash_of(b"a file");
    let members: [(Member, &[u8]); 5] = [
        (Member::Log, &[7; 5_000]),
        (Member::Cookie, b"sesame"),
        (Member::File(file, Piece::Bytes), b"a file"),
        (Member::File(file, Piece::Thumbnail), b"a small one"),
        (Member::File(file, Piece::Record), b"{}"),
    ];
    backup(&manifest(), &members)
}

/// What a backup holds.
type Taken = (Manifest, Vec<(Member, Vec<u8>)>);

fn taken(backup: &[u8]) -> Result<Taken, ArchiveError> {
    let mut members = Vec::new();
    let manifest = read(backup, NEWEST_LOG, &Stop::default(), |_, member, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(ArchiveError::Read)?;
        members.push((member, bytes));
        Ok::<_, ArchiveError>(())
    })?;
    Ok((manifest, members))
}

/// A member's name, its type and what is in it.
type Forged<'a> = (&'a [u8], EntryType, &'a [u8]);

/// A tar made by somebody else: each member with the type it has and the name it is to have, whatever that is.
fn forged(members: &[Forged<'_>]) -> Vec<u8> {
    let mut text = serde_json::to_vec(&manifest()).unwrap();
    text.push(b'\n');
    let mut tar = Builder::new(Vec::new());
    let begin: Forged<'_> = (b"manifest.json", EntryType::Regular, &text);
    for (name, kind, content) in [begin].iter().chain(members) {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn what_was_written_is_read() {
    let (read, members) = taken(&whole()).unwrap();
    assert_eq!(read, manifest());
    assert_eq!(members.len(), 5);
    assert_eq!(members[0], (Member::Log, vec![7; 5_000]));
    assert_eq!(members[1], (Member::Cookie, b"sesame".to_vec()));
}

#[test]
fn a_time_that_nobody_can_tell_is_damage() {
    for (at, told) in [(LATEST, true), (LATEST + 1, false), (u64::MAX, false)] {
        let backup = backup(&Manifest::new(NEWEST_LOG, at, "epoch".to_owned(), 3), &[(Member::Log, b"")]);
        match taken(&backup) {
            Ok((manifest, _)) => {
                assert!(told, "{at}");
                humantime::format_rfc3339_seconds(
                    std::time::UNIX_EPOCH + std::time::Duration::from_millis(manifest.at),
                )
                .to_string();
            }
            Err(ArchiveError::Damaged(_)) => assert!(!told, "{at}"),
            Err(error) => panic!("{at}: {error}"),
        }
    }
}

#[test]
fn whoever_takes_nothing_learns_all_the_same_whether_it_is_whole() {
    let untouched = read::<ArchiveError>(&*whole(), NEWEST_LOG, &Stop::default(), |_, _, _| Ok(()));
    assert_eq!(untouched.unwrap(), manifest());
}

#[test]
fn cut_off_anywhere_it_is_never_taken_for_whole() {
    let whole = whole();
    // Behind the last member a tar has only zeros.
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for length in 0..=end {
        match taken(&whole[..length]) {
            Err(ArchiveError::Foreign) => assert!(length < 1_024, "{length}: it has begun like one"),
            Err(ArchiveError::Truncated) => {}
            other => panic!("{length} bytes of {}: {:?}", whole.len(), other.map(|_| ())),
        }
    }
}

#[test]
fn a_byte_that_changed_is_noticed_wherever_it_is() {
    let whole = whole();
    let (_, expected) = taken(&whole).unwrap();
    let mut padding = 0;
    for place in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x20;
        match taken(&damaged) {
            Err(_) => {}
            // Between two members there is room that means nothing.
            Ok((read, members)) => {
                assert!(read == manifest() && members == expected, "at {place}");
                assert_eq!(whole[place], 0, "at {place}");
                padding += 1;
            }
        }
    }
    assert!(padding > 0);
}

#[test]
fn what_somebody_else_made_is_not_one() {
    let plain = {
        let mut tar = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(2);
        header.set_cksum();
        tar.append_data(&mut header, "etc/passwd", &b"no"[..]).unwrap();
        tar.into_inner().unwrap()
    };
    for foreign in [&b""[..], &[0; 20_000], b"SQLite format 3\0 and so on", &[0x1f, 0x8b, 8, 0], &plain, &[b'x'; 5_000]]
    {
        assert!(matches!(taken(foreign), Err(ArchiveError::Foreign)), "{:?}", &foreign[..foreign.len().min(16)]);
    }
}

#[test]
fn a_name_leads_nowhere_but_where_such_a_member_goes() {
    let hash = hash_of(b"x").to_string();
    let names = [
        "../cookie".to_owned(),
        "/etc/passwd".to_owned(),
        "files/../../x".to_owned(),
        format!("files/../{hash}"),
        format!("files/{hash}/x"),
        format!("files/{hash}.exe"),
        format!("./files/{hash}"),
        format!("files//{hash}"),
        format!("files/{}", hash.to_uppercase()),
        "log/".to_owned(),
        "./log".to_owned(),
        "LOG".to_owned(),
        "lock".to_owned(),
    ];
    for name in &names {
        let forged = forged(&[(b"log", EntryType::Regular, b"x"), (name.as_bytes(), EntryType::Regular, b"x")]);
        assert!(matches!(taken(&forged), Err(ArchiveError::Damaged(_))), "{name}");
        assert_eq!(Member::named(name), None, "{name}");
    }
}

#[test]
fn only_plain_files_are_taken() {
    use EntryType::{Block, Char, Directory, Fifo, GNULongName, GNUSparse, Link, Symlink, XHeader};

    for kind in [Link, Symlink, Char, Block, Directory, Fifo, GNULongName, GNUSparse, XHeader] {
        let forged = forged(&[(b"log", kind, b"cookie")]);
        assert!(taken(&forged).is_err(), "{kind:?}");
    }
}

#[test]
fn members_come_once_and_in_their_order() {
    let log: Forged<'_> = (b"log", EntryType::Regular, b"x");
    let cookie: Forged<'_> = (b"cookie", EntryType::Regular, b"x");
    for members in [&[log, log][..], &[cookie, log], &[cookie], &[log, cookie, cookie]] {
        assert!(matches!(taken(&forged(members)), Err(ArchiveError::Damaged(_))));
    }
    assert!(matches!(taken(&forged(&[log, cookie])), Err(ArchiveError::Truncated)), "without its end it is not whole");
}

#[test]
fn what_should_be_short_is() {
    let long = vec![b'x'; 100_000];
    let forged = forged(&[(b"log", EntryType::Regular, b"x"), (b"cookie", EntryType::Regular, &long)]);
    assert!(matches!(taken(&forged), Err(ArchiveError::Damaged(_))));
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_noticed() {
    let file = Member::File(hash_of(b"one"), Piece::Bytes);
    let other = backup(&manifest(), &[(Member::Log, b"x"), (file, b"another")]);
    assert!(matches!(taken(&other), Err(ArchiveError::Damaged(_))));
}

#[test]
fn one_of_a_newer_version_is_known_as_such() {
    let newer = Manifest { hubbub_backup: FORMAT + 1, program: "9.9.9".to_owned(), ..manifest() };
    let newer_log = Manifest { log_format: NEWEST_LOG + 1, program: "9.9.9".to_owned(), ..manifest() };
    for manifest in [newer, newer_log] {
        let error = taken(&backup(&manifest, &[(Member::Log, b"x")])).unwrap_err();
        assert!(matches!(&error, ArchiveError::Newer(program) if program == "9.9.9"), "{error}");
    }
}

#[test]
fn whoever_stops_it_is_not_told_that_it_is_damaged() {
    let stop = Stop::default();
    let stopped = read::<ArchiveError>(&*whole(), NEWEST_LOG, &stop, |_, _, _| {
        stop.ask();
        Ok(())
    });
    assert!(matches!(stopped, Err(ArchiveError::Stopped)));
}
