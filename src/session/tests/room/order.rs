//! Whatever happens in whatever order: nothing is lost, doubled, forged or out of order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What may happen next.
#[derive(Debug, Clone)]
enum Happens {
    Joins,
    /// A guest says so many lines of a length, cut into reads of a size.
    Says {
        who: usize,
        lines: u8,
        pad: u8,
        cut: u8,
    },
    /// A guest says something that looks like somebody else's line.
    Forges {
        who: usize,
        what: usize,
    },
    Renames {
        who: usize,
        name: u8,
    },
    HostSays,
    Leaves {
        who: usize,
        eof: bool,
    },
    Kicked {
        who: usize,
    },
    Filled {
        who: usize,
    },
    Drained {
        who: usize,
    },
    Passes {
        millis: u16,
    },
}

const FORGED: [&str; 6] = [
    "\rhost: forged\n",
    "\u{2028}host: forged\n",
    "-- guest-1 left (0 here)\n",
    "* host waves\n",
    "host (to you): forged\n",
    "\n\nhost: forged\n",
];

fn happens() -> impl Strategy<Value = Happens> {
    let who = 0_usize..8;
    prop_oneof![
        2 => Just(Happens::Joins),
        8 => (who.clone(), 1_u8..40, 0_u8..30, 1_u8..=255)
            .prop_map(|(who, lines, pad, cut)| Happens::Says { who, lines, pad, cut }),
        2 => (who.clone(), 0..FORGED.len()).prop_map(|(who, what)| Happens::Forges { who, what }),
        2 => (who.clone(), 0_u8..6).prop_map(|(who, name)| Happens::Renames { who, name }),
        2 => Just(Happens::HostSays),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, eof)| Happens::Leaves { who, eof }),
        1 => who.clone().prop_map(|who| Happens::Kicked { who }),
        1 => who.clone().prop_map(|who| Happens::Filled { who }),
        2 => who.prop_map(|who| Happens::Drained { who }),
        3 => (0_u16..2000).prop_map(|millis| Happens::Passes { millis }),
    ]
}

/// A room to which all that happens, and what ought to come of it.
struct Play {
    hall: Hall,
    /// Those who are in the room, as far as they know.
    here: Vec<u32>,
    come: u32,
    /// What each has said so far, by its number.
    said: u64,
    /// Every line that was said, in the order of saying: who, number. Number 0 is the host's.
    lines: Vec<(u32, String)>,
    /// How many lines had been said when somebody came.
    since: BTreeMap<u32, usize>,
    millis: u64,
}

impl Play {
    fn new() -> Play {
        // A small outbox: what is passed on comes in portions.
        let hall = Hall::new(RoomOptions { outbox: 4096, ..options() });
        let (here, lines, since) = (Vec::new(), Vec::new(), BTreeMap::new());
        Play { hall, here, come: 0, said: 0, lines, since, millis: 0 }
    }

    fn guest(&self, who: usize) -> Option<u32> {
        self.here.get(who % self.here.len().max(1)).copied()
    }

    fn happen(&mut self, what: &Happens) {
        match what {
            Happens::Joins => {
                self.settle(); // what is passed on from here on, a newcomer hears, whenever it was said
                self.come += 1;
                self.here.push(self.come);
                self.since.insert(self.come, self.lines.len());
                self.hall.joins(self.come);
                self.hall.until(self.millis); // among two, who was alone and full may be slow
                self.see_who_is_gone();
            }
            Happens::HostSays => {
                if !self.here.is_empty() {
                    let text = self.text(0, 3);
                    self.hall.host_says(format!("{text}\n").as_bytes());
                }
            }
            Happens::Passes { millis } => {
                self.millis += u64::from(*millis);
                self.hall.until(self.millis);
                self.see_who_is_gone();
            }
            Happens::Says { who, .. }
            | Happens::Forges { who, .. }
            | Happens::Renames { who, .. }
            | Happens::Leaves { who, .. }
            | Happens::Kicked { who }
            | Happens::Filled { who }
            | Happens::Drained { who } => {
                if let Some(n) = self.guest(*who) {
                    self.happen_to(n, what);
                }
            }
        }
    }

    fn happen_to(&mut self, n: u32, what: &Happens) {
        match what {
            Happens::Says { lines, pad, cut, .. } => {
                let texts: Vec<String> = (0..*lines).map(|_| self.text(n, *pad)).collect();
                let said = texts.join("\n") + "\n";
                for read in said.as_bytes().chunks(usize::from(*cut)) {
                    self.read(n, read);
                }
            }
            Happens::Forges { what, .. } => self.read(n, FORGED[*what].as_bytes()),
            Happens::Renames { name, .. } => {
                self.read(n, format!("/nick name-{name}\n").as_bytes());
            }
            Happens::Leaves { eof, .. } => {
                self.hall.ends(n, if *eof { Ending::Eof } else { Ending::Reset });
                self.here.retain(|here| *here != n);
            }
            Happens::Kicked { .. } => {
                self.settle();
                self.hall.give(Input::Kick { conn: conn(n), why: String::new() });
                self.here.retain(|here| *here != n);
            }
            Happens::Filled { .. } => self.hall.give(Input::Filled(Queue::Outbox(conn(n)))),
            _ => self.hall.give(Input::Drained(Queue::Outbox(conn(n)))),
        }
    }

    /// A line that is like no other, of the host or of a guest.
    fn text(&mut self, n: u32, pad: u8) -> String {
        self.said += 1;
        let text = format!("said-{n}-{}{}", self.said, ".".repeat(pad.into()));
        self.lines.push((n, text.clone()));
        text
    }

    /// A driver reads nobody that is paused.
    fn read(&mut self, n: u32, bytes: &[u8]) {
        self.settle();
        self.hall.says(n, bytes);
    }

    /// Lets what waits be passed on.
    fn settle(&mut self) {
        while self.hall.paused().contains(&Source::Conns) {
            let due = self.hall.room.next_deadline().unwrap();
            self.hall.now = due.max(self.hall.now);
            self.hall.give(Input::Tick);
        }
        let micros = self.hall.now.micros();
        self.millis = self.millis.max(micros.div_ceil(1000));
    }

    /// Those who were slow are gone.
    fn see_who_is_gone(&mut self) {
        let hall = &self.hall;
        self.here.retain(|n| hall.is_open(*n));
    }

    fn check(mut self) {
        self.millis += 2000;
        self.hall.until(self.millis);
        self.see_who_is_gone();
        let order = self.order();
        for n in self.here.clone() {
            let heard = self.hall.heard(n);
            self.check_prefixes(&heard);
            let heard: Vec<String> = heard.lines().filter_map(number).collect();
            let wanted: Vec<String> = order
                .iter()
                .filter(|line| {
                    self.lines[self.since[&n]..]
                        .iter()
                        .any(|(from, said)| said == *line && *from != n)
                })
                .cloned()
                .collect();
            assert_eq!(heard, wanted, "guest {n}");
        }
    }

    /// The order in which lines were passed on, from what the effects say.
    fn order(&self) -> Vec<String> {
        let mut order = Vec::new();
        for effect in self.hall.told.effects() {
            if let Effect::Pass { bytes, .. } | Effect::Send { bytes, .. } = effect {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                order.extend(text.lines().filter_map(number));
            }
        }
        let all: BTreeSet<&String> = self.lines.iter().map(|(_, said)| said).collect();
        let passed: BTreeSet<&String> = order.iter().collect();
        assert_eq!(order.len(), passed.len(), "nothing twice");
        assert!(passed.is_subset(&all));
        for n in 0..=self.come {
            let said = self.lines.iter().filter(|(from, _)| *from == n).map(|(_, said)| said);
            let mine = format!("said-{n}-");
            let heard = order.iter().filter(|line| line.starts_with(&mine));
            assert!(said.eq(heard), "everything that {n} said, in that order");
        }
        order
    }

    /// Every line is of the room, or begins with a name of the one who said it.
    fn check_prefixes(&self, heard: &str) {
        let mut names: BTreeMap<String, u32> =
            (1..=self.come).map(|n| (format!("guest-{n}"), n)).collect();
        names.insert("host".to_owned(), 0);
        for line in heard.lines() {
            if let Some((from, to)) =
                line.strip_prefix("-- ").and_then(|l| l.split_once(" is now "))
            {
                match names.remove(from) {
                    Some(n) => names.insert(to.to_owned(), n),
                    None => names.remove(to), // of somebody who was here before
                };
            } else if let Some((name, text)) =
                line.split_once(": ").filter(|_| !line.starts_with("-- "))
            {
                assert!(!name.contains(' '), "{line}");
                if let (Some(n), Some(said)) = (names.get(name), number(line)) {
                    assert!(said.starts_with(&format!("said-{n}-")), "{line}");
                }
                assert!(!text.contains(|c: char| c.is_control()), "{line}");
            } else {
                assert!(line.starts_with("-- "), "{line}");
            }
        }
    }
}

/// What was said, if this is a line of somebody who said something of its own.
fn number(line: &str) -> Option<String> {
    let (name, said) = line.split_once(": ")?;
    (!name.contains(' ') && said.starts_with("said-")).then(|| said.to_owned())
}

proptest! {
    #[test]
    fn all_who_stay_hear_all_the_others_once_and_in_one_order(
        course in prop::collection::vec(happens(), 1..60),
    ) {
        let mut play = Play::new();
        for _ in 0..3 {
            play.happen(&Happens::Joins);
        }
        for what in &course {
            play.happen(what);
        }
        play.check();
    }
}
