//! Names, and who tells of them.

use super::*;

#[test]
fn joins_leaves_and_renames_are_told_to_all() {
    let mut hall = Hall::new(options());
    hall.joins(1);
    assert_eq!(hall.heard(1), "-- you are guest-1 (2 here): `/help` lists the commands\n");
    hall.joins(2);
    assert_eq!(hall.heard(1), "-- guest-2 joined (3 here)\n");
    assert_eq!(hall.heard(2), "-- you are guest-2 (3 here): `/help` lists the commands\n");
    hall.says(1, "/nick alice\nhi\n");
    assert_eq!(hall.heard(1), "-- guest-1 is now alice\n");
    assert_eq!(hall.heard(2), "-- guest-1 is now alice\nalice: hi\n");
    hall.ends(1, Ending::Eof);
    assert_eq!(hall.heard(2), "-- alice left (2 here)\n");
    assert_eq!(
        hall.told.notices(),
        [
            "guest-1 joined from addr-1",
            "guest-2 joined from addr-2",
            "guest-1 is now alice",
            "alice left: closed"
        ]
    );
    assert!(
        hall.told
            .effects()
            .any(|effect| *effect
                == Effect::Renamed { conn: Some(conn(1)), name: "alice".to_owned() })
    );
    assert_eq!(
        hall.recorded(),
        [
            "0ms 1 client /nick alice\\n",
            "0ms 1 client hi\\n",
            "0ms 1 note guest-1 is now alice",
            "0ms 1 client ended: eof",
            "0ms 1 server ended: eof"
        ]
    );
}

#[test]
fn a_name_changes_in_the_middle_of_what_is_said() {
    let mut hall = Hall::with(2);
    hall.says(1, "one\n/nick bob\ntwo\n/nick guest-1\nthree\n");
    assert_eq!(
        hall.heard(2),
        "guest-1: one\n-- guest-1 is now bob\nbob: two\n-- bob is now guest-1\nguest-1: three\n"
    );
}

#[test]
fn a_refused_name_is_told_to_its_guest_only() {
    let mut hall = Hall::with(2);
    hall.says(2, "/nick bob\n");
    hall.forget();
    hall.says(1, "/nick BOB\n/nick host\n/nick guest-7\n/nick a\u{202e}b\n/nick\n/nick guest-1\n");
    assert_eq!(
        hall.heard(1),
        "-- `bob` is taken\n-- `host` is reserved\n-- `guest-7` is reserved\n\
         -- a name has letters, digits, `-` and `_`, and no `\\u{202e}`\n\
         -- write `/nick NAME`\n-- you are guest-1 already\n"
    );
    assert_eq!(hall.heard(2), "");
}

#[test]
fn who_comes_back_takes_the_name_back_and_never_the_number() {
    let mut hall = Hall::with(2);
    hall.says(1, "/nick alice\n");
    hall.joins(3);
    hall.says(3, "/nick alice\n");
    assert!(
        hall.heard(3).ends_with("-- `alice` is taken\n"),
        "the old conn is not known to be dead"
    );
    hall.ends(1, Ending::Reset);
    hall.says(3, "/nick alice\n");
    assert!(hall.heard(3).ends_with("-- guest-3 is now alice\n"));
    hall.joins(4);
    assert!(hall.heard(4).starts_with("-- you are guest-4 "));
}

#[test]
fn the_host_has_a_name_of_its_own() {
    let name = "Zoë".parse().unwrap();
    let mut hall = Hall::new(RoomOptions { name, ..options() }).joined_by(1);
    hall.host_says(b"hi\n");
    hall.says(1, "/nick ZOË\n");
    assert_eq!(hall.heard(1), "Zoë: hi\n-- `Zoë` is taken\n");
    hall.asks("/nick ada");
    assert_eq!(hall.heard(1), "-- Zoë is now ada\n");
    assert_eq!(hall.last_notice(), "Zoë is now ada");
    hall.asks("/nick guest-1");
    assert_eq!(hall.last_notice(), "`guest-1` is reserved");
    hall.asks("/who");
    assert_eq!(hall.last_notice(), "2 here: ada, guest-1");
}

#[test]
fn a_script_is_here_from_its_first_word_to_its_last() {
    let mut hall = Hall::new(RoomOptions { attended: false, ..options() });
    hall.joins(1);
    assert_eq!(hall.heard(1), "-- you are guest-1 (1 here): `/help` lists the commands\n");
    hall.says(1, "/who\n/msg host hi\n");
    assert_eq!(hall.heard(1), "-- 1 here: guest-1\n-- the host is not here\n");
    hall.host_says(b"hi\n");
    assert_eq!(hall.heard(1), "-- host joined (2 here)\nhost: hi\n");
    hall.give(Input::Drive(Drive::Ended));
    assert_eq!(hall.heard(1), "-- host left (1 here)\n");
    assert!(hall.told.left().is_none() && hall.is_open(1), "the room goes on");
}
