//! The commands.

use super::registry::{Kind, Opt, Param, Spec, Topic};
use super::{
    Command, ConnCommand, Expect, KeepCommand, PromptCommand, SayCommand, SetCommand, WaitCommand,
};

/// The commands, by topic, and in a topic as people meet them.
pub(super) static SPECS: [Spec; 35] = [
    Spec {
        name: "help",
        topic: Topic::Prompt,
        options: &[],
        params: &[optional("COMMAND", Kind::Command)],
        summary: "list commands, explain one",
        details: "Lists the commands, or explains one of them.",
        example: "/help expect",
        build: |args| Ok(Command::Prompt(PromptCommand::Help(args.optional_word()))),
    },
    Spec {
        name: "quit",
        topic: Topic::Prompt,
        options: &[],
        params: &[],
        summary: "leave",
        details: "Leaves: what was said is still sent, then every conn is closed.",
        example: "/quit",
        build: |_| Ok(Command::Prompt(PromptCommand::Quit)),
    },
    Spec {
        name: "clear",
        topic: Topic::Prompt,
        options: &[],
        params: &[],
        summary: "clear the screen",
        details: "Clears the screen. The transcript keeps everything.",
        example: "/clear",
        build: |_| Ok(Command::Prompt(PromptCommand::Clear)),
    },
    Spec {
        name: "time",
        topic: Topic::Prompt,
        options: &[],
        params: &[required("on|off", Kind::Choice(&["on", "off"]))],
        summary: "show when lines came",
        details: "Shows when each line was received, or no longer does.",
        example: "/time on",
        build: |args| Ok(Command::Prompt(PromptCommand::Time(args.required()?))),
    },
    Spec {
        name: "send",
        topic: Topic::Talk,
        options: &[],
        params: &[required("TEXT", Kind::Rest)],
        summary: "send, variables filled in",
        details: "Sends a line in which `${name}` stands for a variable. `$${` is a literal `${`.",
        example: "/expect ^OK session=(?<sid>\\w+)\n/send JOIN lobby ${sid}",
        build: |args| Ok(Command::Say(SayCommand::Send(args.required()?))),
    },
    Spec {
        name: "raw",
        topic: Topic::Talk,
        options: &[],
        params: &[required("ESCAPED", Kind::Rest)],
        summary: "send bytes, no line end",
        details: "Sends bytes and no line end after them. `\\xNN`, `\\r`, `\\n`, `\\t`, `\\0` and \
                  `\\\\` are escapes, and `${name}` stands for a variable, whose value is not read \
                  for escapes.",
        example: "/raw PING\\r\\n\\xff\\x00",
        build: |args| Ok(Command::Say(SayCommand::Raw(args.escaped()?))),
    },
    Spec {
        name: "expect",
        topic: Topic::Talk,
        options: &[
            Opt { letter: 'n', value: None },
            Opt { letter: 'x', value: None },
            Opt { letter: 'p', value: None },
            Opt { letter: 't', value: Some("DUR") },
        ],
        params: &[required("PATTERN", Kind::Rest)],
        summary: "wait for a matching line",
        details: "Waits until a line matches, and reads all lines up to it. `-n` takes the very next \
                  line only, `-x` takes the pattern as literal text, `-p` also looks at a line that \
                  has not ended yet, `-t` says how long to wait. A pattern is a Rust regex, found \
                  anywhere in the line; its named groups `(?<name>…)` become variables, and `${name}` \
                  in it is literal text.",
        example: "/expect ^250 \n/expect -n -t 200ms ^OK session=(?<sid>\\w+)$\n/expect -p login: ",
        build: |args| {
            let (next, exact, partial) = (args.flag('n'), args.flag('x'), args.flag('p'));
            let timeout = args.option('t')?;
            let pattern = args.pattern()?;
            Ok(Command::Wait(WaitCommand::Expect(Expect {
                next,
                exact,
                partial,
                timeout,
                pattern,
            })))
        },
    },
    Spec {
        name: "all",
        topic: Topic::Talk,
        options: &[Opt { letter: 't', value: Some("DUR") }],
        params: &[],
        summary: "wait for several lines",
        details: "Begins a block of patterns, up to `/end`, for lines that come in any order: \
                  `* PATTERN` must come, `? PATTERN` may, `! PATTERN` must not. Waits until each `*` \
                  has a line of its own, and reads all lines up to the last of them.",
        example: "/all -t 2s\n* ^JOIN alice\n* ^MODE \n? ^NOTICE\n! ^ERROR\n/end",
        build: |args| Ok(Command::Wait(WaitCommand::All(args.option('t')?))),
    },
    Spec {
        name: "end",
        topic: Topic::Talk,
        options: &[],
        params: &[],
        summary: "end a block",
        details: "Ends the block that `/all` began.",
        example: "/all\n* ^OK\n/end",
        build: |_| Ok(Command::Wait(WaitCommand::End)),
    },
    Spec {
        name: "reject",
        topic: Topic::Talk,
        options: &[],
        params: &[optional("PATTERN", Kind::Rest)],
        summary: "what must never come",
        details: "Fails from here on as soon as a line of the conn spoken to matches, whatever step is \
                  running; a line that came before and is unread counts too. Without PATTERN it lifts \
                  what it has forbidden on the conn spoken to; lines that have come by then count.",
        example: "/reject ^ERROR\n/reject",
        build: |args| Ok(Command::Wait(WaitCommand::Reject(args.optional_pattern()?))),
    },
    Spec {
        name: "expect-eof",
        topic: Topic::Talk,
        options: &[Opt { letter: 't', value: Some("DUR") }],
        params: &[],
        summary: "wait for the peer's end",
        details: "Waits until the peer ends the conversation. What came before can be read.",
        example: "/expect-eof -t 2s",
        build: |args| Ok(Command::Wait(WaitCommand::Eof(args.option('t')?))),
    },
    Spec {
        name: "quiet",
        topic: Topic::Talk,
        options: &[],
        params: &[required("DUR", Kind::Word)],
        summary: "nothing may come",
        details: "Fails if anything comes within this time, or came before and is unread.",
        example: "/quiet 300ms",
        build: |args| Ok(Command::Wait(WaitCommand::Quiet(args.required()?))),
    },
    Spec {
        name: "save",
        topic: Topic::Keep,
        options: &[Opt { letter: 'f', value: None }],
        params: &[optional("FILE", Kind::File)],
        summary: "write the transcript",
        details: "Writes the transcript so far, readable by its owner only, and says how many events \
                  it has. `.jsonl` makes JSON Lines, any other name one JSON document; without FILE \
                  the name is the date. Replaces a transcript, and anything else only with `-f`.",
        example: "/save greeting.json",
        build: |args| {
            let (force, file) = (args.flag('f'), args.optional()?);
            Ok(Command::Keep(KeepCommand::Save { force, file }))
        },
    },
    Spec {
        name: "replay",
        topic: Topic::Keep,
        options: &[Opt { letter: 'p', value: Some("PACE") }],
        params: &[required("FILE[#CONN]", Kind::File)],
        summary: "play a recorded conn",
        details: "Plays one recorded conn on the conn spoken to, and compares what the peer says with \
                  what its peer said then. Lines are said once all that was said before them has come; \
                  with `-p recorded` also no sooner than then, with `-p x2` twice as fast. Ctrl-C stops it.",
        example: "/replay greeting.json\n/replay meeting.json#2",
        build: |args| {
            let (pace, file) = (args.option('p')?, args.required()?);
            Ok(Command::Keep(KeepCommand::Replay { pace, file }))
        },
    },
    Spec {
        name: "show",
        topic: Topic::Keep,
        options: &[],
        params: &[optional("N", Kind::Word)],
        summary: "show the last N events",
        details: "Shows the last N events of the transcript.",
        example: "/show 20",
        build: |args| Ok(Command::Keep(KeepCommand::Show(args.optional()?))),
    },
    Spec {
        name: "stats",
        topic: Topic::Keep,
        options: &[],
        params: &[],
        summary: "lines, bytes, latency",
        details: "Tells how many lines and bytes went either way, and how long replies took.",
        example: "/stats",
        build: |_| Ok(Command::Keep(KeepCommand::Stats)),
    },
    Spec {
        name: "note",
        topic: Topic::Keep,
        options: &[],
        params: &[required("TEXT", Kind::Rest)],
        summary: "put a note into it",
        details: "Puts a note into the transcript. It is sent to nobody.",
        example: "/note here it began to stutter",
        build: |args| Ok(Command::Keep(KeepCommand::Note(args.required()?))),
    },
    Spec {
        name: "set",
        topic: Topic::Set,
        options: &[],
        params: &[required("NAME", Kind::Word), required("VALUE", Kind::Rest)],
        summary: "give a variable a value",
        details: "Gives a variable a value. Arguments of commands use it as `${NAME}`.",
        example: "/set user bob\n/send LOGIN ${user}",
        build: |args| {
            let (name, value) = (args.variable()?, args.required()?);
            Ok(Command::Set(SetCommand::Set { name, value }))
        },
    },
    Spec {
        name: "timeout",
        topic: Topic::Set,
        options: &[],
        params: &[required("DUR", Kind::Word)],
        summary: "how long a wait lasts",
        details: "Says how long a wait lasts from here on, where it does not say so itself.",
        example: "/timeout 500ms",
        build: |args| Ok(Command::Set(SetCommand::Timeout(args.required()?))),
    },
    Spec {
        name: "sleep",
        topic: Topic::Set,
        options: &[],
        params: &[required("DUR", Kind::Word)],
        summary: "do nothing for a while",
        details: "Does nothing for this long. To wait for an answer, `/expect` it.",
        example: "/sleep 1.5s",
        build: |args| Ok(Command::Set(SetCommand::Sleep(args.required()?))),
    },
    Spec {
        name: "eol",
        topic: Topic::Set,
        options: &[],
        params: &[required("lf|crlf|none", Kind::Choice(&["lf", "crlf", "none"]))],
        summary: "how lines sent end",
        details: "Says how lines sent end from here on: `lf`, `crlf` or `none`.",
        example: "/eol crlf",
        build: |args| Ok(Command::Set(SetCommand::Eol(args.required()?))),
    },
    Spec {
        name: "strict",
        topic: Topic::Set,
        options: &[],
        params: &[required("on|off", Kind::Choice(&["on", "off"]))],
        summary: "let no line be skipped",
        details: "With `on`, `/expect` and `/all` fail at the first line that they would skip, and a line \
                  that is unread at the end of the script fails it.",
        example: "/strict on",
        build: |args| Ok(Command::Set(SetCommand::Strict(args.required()?))),
    },
    Spec {
        name: "echo",
        topic: Topic::Set,
        options: &[],
        params: &[required("TEXT", Kind::Rest)],
        summary: "tell yourself something",
        details: "Prints a line here, variables filled in. It is sent to nobody.",
        example: "/echo logged in as ${user}",
        build: |args| Ok(Command::Set(SetCommand::Echo(args.required()?))),
    },
    Spec {
        name: "include",
        topic: Topic::Set,
        options: &[],
        params: &[required("FILE", Kind::File)],
        summary: "run the steps of a file",
        details: "Runs the steps of another script as if they stood here. FILE is relative to the folder \
                  of the script that includes it.",
        example: "/include login.chat",
        build: |args| Ok(Command::Set(SetCommand::Include(args.required()?))),
    },
    Spec {
        name: "open",
        topic: Topic::Conn,
        options: &[],
        params: &[required("NAME", Kind::Word), required("ADDR", Kind::Word)],
        summary: "connect once more",
        details: "Opens another conn, called NAME, and waits until it stands. `/on NAME` then speaks to \
                  it; the first conn is `main`, and `${addr}` is where it leads.",
        example: "/open bob localhost:6667\n/open carol ${addr}\n/on bob",
        build: |args| {
            let (name, addr) = (args.required()?, args.required()?);
            Ok(Command::Conn(ConnCommand::Open { name, addr }))
        },
    },
    Spec {
        name: "on",
        topic: Topic::Conn,
        options: &[],
        params: &[required("NAME", Kind::Name(&["all"]))],
        summary: "speak to one conn only",
        details: "Speaks to one conn or guest, and hears that one. `/on all` speaks to all of them.",
        example: "/on guest-2\n/on all",
        build: |args| Ok(Command::Conn(ConnCommand::On(args.required()?))),
    },
    Spec {
        name: "starttls",
        topic: Topic::Conn,
        options: &[],
        params: &[],
        summary: "go on over TLS",
        details: "Goes on over TLS on the conn spoken to, once all that was said before was sent: as its \
                  client where we connected, as its server where a guest did. Who is believed is as with \
                  a `tls:` address. Whatever the peer has said must have been read before.",
        example: "STARTTLS\n/expect ^220 \n/starttls",
        build: |_| Ok(Command::Conn(ConnCommand::StartTls)),
    },
    Spec {
        name: "shutdown",
        topic: Topic::Conn,
        options: &[],
        params: &[],
        summary: "say no more, still listen",
        details: "Half-closes: the peer learns that no more will be said, and may go on.",
        example: "/shutdown",
        build: |_| Ok(Command::Conn(ConnCommand::Shutdown)),
    },
    Spec {
        name: "close",
        topic: Topic::Conn,
        options: &[],
        params: &[],
        summary: "close the conn",
        details: "Closes the conn spoken to, after everything said was sent.",
        example: "/close",
        build: |_| Ok(Command::Conn(ConnCommand::Close)),
    },
    Spec {
        name: "accept",
        topic: Topic::Conn,
        options: &[],
        params: &[optional("N", Kind::Word)],
        summary: "wait for N guests",
        details: "Waits until N guests have joined in all; one where no N is given.",
        example: "/accept 2",
        build: |args| Ok(Command::Conn(ConnCommand::Accept(args.optional_or(1)?))),
    },
    Spec {
        name: "who",
        topic: Topic::Conn,
        options: &[],
        params: &[],
        summary: "list who is here",
        details: "Lists the guests, with their addresses. At the side that connected it is sent as \
                  typed: a room on the other side answers it.",
        example: "/who",
        build: |_| Ok(Command::Conn(ConnCommand::Who)),
    },
    Spec {
        name: "kick",
        topic: Topic::Conn,
        options: &[],
        params: &[required("NAME", Kind::Name(&[])), optional("WHY", Kind::Rest)],
        summary: "close a guest's conn",
        details: "Closes a guest's conn, and tells the guest why.",
        example: "/kick guest-2 the table is full",
        build: |args| {
            let (name, why) = (args.required()?, args.optional()?);
            Ok(Command::Conn(ConnCommand::Kick { name, why }))
        },
    },
    Spec {
        name: "nick",
        topic: Topic::Conn,
        options: &[],
        params: &[required("NAME", Kind::Word)],
        summary: "be called NAME in a room",
        details: "Gives you another name in a room: 1 to 32 letters, digits, `-` and `_`, which nobody else \
                  there has. At the side that connected it is sent, and the room there does it.",
        example: "/nick alice",
        build: |args| Ok(Command::Conn(ConnCommand::Nick(args.required()?))),
    },
    Spec {
        name: "me",
        topic: Topic::Conn,
        options: &[],
        params: &[required("TEXT", Kind::Rest)],
        summary: "say what you do in a room",
        details: "Says in a room what you do: `* alice waves`. At the side that connected it is sent, and \
                  the room there does it.",
        example: "/me waves",
        build: |args| Ok(Command::Conn(ConnCommand::Me(args.required()?))),
    },
    Spec {
        name: "msg",
        topic: Topic::Conn,
        options: &[],
        params: &[required("NAME", Kind::Name(&[])), required("TEXT", Kind::Rest)],
        summary: "say it to one in a room",
        details: "Says something to one member of a room and to nobody else; its host can still see it. At \
                  the side that connected it is sent, and the room there does it.",
        example: "/msg alice are you there?",
        build: |args| {
            let (name, text) = (args.required()?, args.required()?);
            Ok(Command::Conn(ConnCommand::Msg { name, text }))
        },
    },
];

const fn required(label: &'static str, kind: Kind) -> Param {
    Param { label, optional: false, kind }
}

const fn optional(label: &'static str, kind: Kind) -> Param {
    Param { label, optional: true, kind }
}
