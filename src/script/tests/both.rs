//! Two whole ends, a client and a server, with the way between them.

use std::fmt::Write;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn pair(client: &str, server: &str, ways: Ways) -> Pair {
    let mut ends = [Side::Client, Side::Server].map(|role| End::new(&Options::script(role)));
    ends[0].script(client);
    ends[1].script(server);
    let [client, server] = ends;
    Pair::new(client, server, ways)
}

fn lines(n: usize) -> String {
    (0..n).map(|n| ["line ", &format!("{n:0634}"), "\n"].concat()).collect::<Vec<_>>().concat()
}

#[test]
fn a_dialogue_takes_as_long_as_the_way() {
    let ways = Ways { latency: Duration::from_millis(50), ..Ways::default() };
    let client = "/expect ^220 \nHELO me\n/expect ^250 (?<name>\\S+)\nMAIL\n/expect -n ^354\nQUIT\n/expect-eof\n";
    let server =
        "220 hi\n/expect ^HELO (?<who>.*)\n/send 250 ${who}\n/expect MAIL\n354 go\n/expect QUIT\n";
    let mut pair = pair(client, server, ways);
    assert!(pair.run(MINUTE), "both have left");
    assert_eq!((&pair.client.failures, &pair.server.failures), (&vec![], &vec![]));
    assert_eq!(pair.client.told.left().unwrap().0.micros(), 350_000, "seven ways");
    assert_eq!(pair.client.told.heard(conn(1)), b"220 hi\n250 me\n354 go\n");
    assert_eq!(pair.server.told.heard(conn(1)), b"HELO me\nMAIL\nQUIT\n");
    assert_eq!(pair.client.left(), Some(Leave::Done));
    assert_eq!(pair.server.left(), Some(Leave::Done));
}

#[test]
fn a_late_answer_to_the_half_close_is_heard() {
    let mut pair = pair("question\n", "/expect-eof\n/sleep 3s\nanswer\n", Ways::default());
    assert!(pair.run(MINUTE));
    assert_eq!(pair.client.told.heard(conn(1)), b"answer\n");
    assert_eq!(pair.client.left(), Some(Leave::Done));
}

#[test]
fn a_peer_that_never_ends_is_left_after_the_linger() {
    let mut pair = pair("question\n", "/sleep 1m\n", Ways::default());
    pair.run(MINUTE);
    assert_eq!(pair.client.left(), Some(Leave::Lingered(Duration::from_secs(5))));
    assert_eq!(pair.client.told.left().unwrap().0.micros(), 5_000_000);
}

#[test]
fn two_that_send_before_they_read_do_not_deadlock_however_narrow_the_way() {
    let ways = Ways { capacity: 4096, outbox: 64 << 10, reads: vec![3000, 5], ..Ways::default() };
    let all = lines(5000); // more than may be unread
    let script = format!("{all}/expect ^line 0*4999$\n");
    let mut pair = pair(&script, &script, ways);
    assert!(pair.run(MINUTE), "both have left");
    assert_eq!((&pair.client.failures, &pair.server.failures), (&vec![], &vec![]));
    assert_eq!(pair.client.told.heard(conn(1)), all.as_bytes());
    assert_eq!(pair.server.told.heard(conn(1)), all.as_bytes());
}

#[test]
fn a_peer_that_reads_late_loses_nothing() {
    let ways = Ways { capacity: 4096, outbox: 64 << 10, ..Ways::default() };
    let all = lines(10_000); // three times what may be unread
    let client = format!("{all}/expect thanks\n");
    let server = "/sleep 30s\n/timeout 1m\n/expect ^line 0*9999$\nthanks\n";
    let mut pair = pair(&format!("/timeout 2m\n{client}"), server, ways);
    pair.run(Duration::from_secs(20));
    let held = pair.server.told.heard(conn(1)).len();
    assert!(held < all.len() / 2, "{held} bytes were read before anybody wanted them");
    assert!(pair.run(4 * MINUTE));
    assert_eq!(pair.server.told.heard(conn(1)), all.as_bytes());
    assert!(pair.client.failures.is_empty() && pair.server.failures.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_one_end_records_is_what_the_other_records_and_both_come_to_their_end(
        turns in prop::collection::vec(("[ -~]{1,20}", "[ -~]{1,20}"), 1..8),
        latency in 0_u64..40,
        capacity in 1_usize..40,
        reads in prop::collection::vec(1_usize..12, 1..6),
    ) {
        let (mut client, mut server) = (String::new(), String::new());
        for (n, (ask, answer)) in turns.iter().enumerate() {
            writeln!(client, "{n}{ask}\n/expect -n ^{n}").unwrap();
            writeln!(server, "/expect -n ^{n}\n{n}{answer}").unwrap();
        }
        let latency = Duration::from_millis(latency);
        let outbox = 2 * capacity;
        let mut pair = pair(&client, &server, Ways { latency, capacity, reads, outbox });
        prop_assert!(pair.run(MINUTE), "both have left");
        prop_assert_eq!(&pair.client.failures, &[]);
        prop_assert_eq!(&pair.server.failures, &[]);
        for side in [Side::Client, Side::Server] {
            let (client, server) = (&pair.client.told, &pair.server.told);
            prop_assert_eq!(
                client.recorded(Some(conn(1)), side),
                server.recorded(Some(conn(1)), side)
            );
        }
    }
}
