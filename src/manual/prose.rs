//! What no definition says: the words of the page of chat-repl(1) itself.

/// What the program is, a paragraph each.
pub(super) const DESCRIPTION: [&str; 4] = [
    "`chat-repl` has a line editor on one side and a socket on the other. With `--listen` it waits for \
     others, with `--connect` it goes to them; the other end may as well be nc(1), telnet(1), or any server \
     of a line protocol. Lines go over the wire as they are. Nothing is written to disk unless somebody asks \
     for it.",
    "Where standard input is a terminal, it is a prompt. Anything else is a script: a line is sent, and one \
     that begins with `/` is a command. Where standard output is no terminal, it has what the peers said, byte \
     for byte, and nothing else. Notices, each a line that begins with `--`, and errors go to standard error.",
    "What was said can be kept as a transcript (`--save`, `--record`), looked at, and played again: to check a \
     server (`--connect` with `--replay`), or to stand in for one (`--listen` with `--replay`). With both \
     `--listen` and `--connect` it stands between clients and a server, and records what they say.",
    "Whoever can reach the port of a listener may join it, and all can be read on the way, unless the address \
     begins with `tls:`, or the conversation is `--private`.",
];

/// What stands before the commands.
pub(super) const COMMANDS: &str = "At the prompt and in scripts. `//x` sends /x, `/#` begins a comment, and any \
     other line that does not begin with / is sent exactly as it is written.";

/// What stands below the exit statuses.
pub(super) const STATUS: &str = "A failed check outranks the rest. Every status but 0 comes with a line that begins with `error:`.";

/// What of the environment counts, and how.
pub(super) const ENVIRONMENT: [(&str, &str); 7] = [
    (
        "NO_COLOR",
        "If it is set and not empty, there is no colour, unless `--color always` asks for it.",
    ),
    ("CLICOLOR_FORCE", "If it is set and not 0, there is colour also where no terminal is."),
    ("TERM", "Where it is `dumb`, lines are read without editing."),
    (
        "CHAT_REPL_GRAPHEMES",
        "How the terminal draws characters that belong together: `unicode`, the default, as one; `wcwidth` each \
         on its own; `no-zwj` as one, but for those joined with a zero-width joiner. If the cursor is some \
         columns off behind emoji, another one is right.",
    ),
    (
        "CI",
        "If it is set, and neither empty nor `false`, `--bless` wants to be told `--bless=force`.",
    ),
    ("TZ", "The time zone of the times that are shown."),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "The authorities that are trusted instead of those of the system, where `--tls-ca` names none.",
    ),
];

/// What stands before the files.
pub(super) const FILES_FIRST: &str = "There is no file of settings, and none is written unless it is asked for. Transcripts can be read by their \
     owner only.";

/// The files that may be written without a name of their own having been given.
pub(super) const FILES: [(&str, &str); 3] = [
    ("chat-YYYYMMDD-HHMMSS.json", "What `/save` writes where no name is given."),
    (
        ".FILE.*.spool.jsonl",
        "Beside the file of `--save`, until the session ends; it is a transcript itself, and stays behind where the \
         program was killed.",
    ),
    (
        "*.chat",
        "Scripts. In the folders that `chat-repl test` is given, these and transcripts are the tests.",
    ),
];

/// What to try: what it does, and how it is typed.
pub(super) const EXAMPLES: [(&str, &str); 7] = [
    (
        "Host a conversation, and join it from another machine:",
        "chat-repl --listen\nchat-repl --connect 192.168.1.7",
    ),
    (
        "Host one that only those can join who know a code, which is shown:",
        "chat-repl --listen --private",
    ),
    (
        "Ask a Redis server, and wait for the answer:",
        "printf 'PING\\n/expect PONG\\n' | chat-repl -q --connect localhost:6379",
    ),
    (
        "Keep a conversation, look at it, and check whether the server still answers the same:",
        "chat-repl --connect localhost:6379 --save redis.json\nchat-repl show redis.json\nchat-repl --connect localhost:6379 --replay redis.json",
    ),
    ("Stand in for the server:", "chat-repl --listen 127.0.0.1:6380 --replay redis.json"),
    (
        "Record what a client and a server say to each other:",
        "chat-repl --listen 127.0.0.1:6380 --connect localhost:6379 --record tapped.jsonl",
    ),
    ("Host a room for anybody who has nc(1):", "chat-repl --listen :51423 --room"),
];

/// Other programs' pages that help.
pub(super) const SEE_ALSO: [&str; 4] = ["nc", "ncat", "socat", "telnet"];
