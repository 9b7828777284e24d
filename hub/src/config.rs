//! What a hub is told when it starts: flags, environment, defaults.

mod errands;
pub mod papers;
mod size;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, ValueEnum};
use mdns_sd::MDNS_PORT;
use shared::node::{HUB, NodeName};
use tracing_subscriber::EnvFilter;

use crate::auth::cookie_file;
use crate::auth::host::AllowedHost;

pub use errands::Asked;
use errands::{EXIT_CODES, Errand};

/// The data directory's name inside the platform's.
const DATA: &str = "hubbub";

/// Lines a second for one owner: faster than anyone types, slower than a paste would need to be
/// to drown a room. Five times as many may come at once.
const RATE_LIMIT: u32 = 20;

/// Lines a second beyond which a limit means nothing; `off` says so plainly.
const MAX_RATE_LIMIT: u32 = 1_000_000;

/// How long a node that vanished may take to come back: a laptop's lid, a lift, a hub's restart.
const LEASE: Duration = Duration::from_secs(30);

/// A lease of more than a day would keep ghosts on the list.
const MAX_LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// A nick reserved for longer than its owner lives is a typing error; it also keeps sums with
/// times of day from running over.
const MAX_NICK_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A file of this size takes two seconds on a good wireless link, and is a dozen photographs.
const MAX_UPLOAD: u64 = 25 * 1024 * 1024;

/// Small beside the disk of any machine that runs a hub, and years of a team's pictures.
const FILE_QUOTA: u64 = 10 * 1024 * 1024 * 1024;

/// Everything a hub is told when it starts. It has no `Debug`: it holds the cookie.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where log and cookie lie. None with `ephemeral`, and where the platform has no place for data.
    pub data: Option<PathBuf>,
    /// The cookie to ask for; where none is given, the one kept in `data`, or one made for this run.
    pub cookie: Option<String>,
    /// Ask for no cookie.
    pub open: bool,
    /// Keep the log in memory, and files in a temporary folder that goes with the hub.
    pub ephemeral: bool,
    /// The host part of the names of this hub and of its nodes.
    pub name: String,
    /// Hosts under which the hub may be used beside its own.
    pub allow_hosts: Vec<AllowedHost>,
    /// How long a nick stays reserved after its owner was last seen.
    pub nick_ttl: Duration,
    /// How long a node that vanished is `reconnecting` before it is gone.
    pub lease: Duration,
    /// Lines a second for one owner; none for no limit.
    pub rate_limit: Option<u32>,
    /// Of one file, in bytes.
    pub max_upload: u64,
    /// Of all files, in bytes.
    pub file_quota: u64,
    /// How long a file is kept after it was last said; none for ever.
    pub file_retention: Option<Duration>,
    /// What the hub runs of what others ask it to.
    pub programs: Programs,
    /// Whether the hub announces itself on the networks that it listens on.
    pub announce: bool,
    /// The UDP port on which it does: that of multicast DNS, or another where a test wants to be alone.
    pub mdns_port: u16,
    /// What the program prints once it listens.
    pub print_link: PrintLink,
    /// What to log, as an [`EnvFilter`] directive that is known to be one.
    pub log: String,
    /// Deadlines and bounds of the front door, for tests to shorten.
    pub limits: Limits,
}

/// What the hub runs of what others ask it to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Programs {
    /// Nothing
    None,
    /// The programs that come with it, and no others
    #[default]
    Examples,
    /// Whatever anyone sends who knows the cookie
    All,
}

/// As on the command line.
impl std::fmt::Display for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Examples => "examples",
            Self::All => "all",
        })
    }
}

/// In which form the links are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PrintLink {
    /// For people, with a QR code on a terminal
    #[default]
    Text,
    /// For scripts: one line of JSON
    Json,
    /// Not at all
    None,
}

/// As on the command line.
impl std::fmt::Display for PrintLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::None => "none",
        })
    }
}

/// Deadlines and bounds of the front door.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From opening a connection, or from its last answer, to the end of a request's head: long
    /// enough for a bad radio link, short for whoever opens sockets and says nothing.
    pub head: Duration,
    /// From becoming a WebSocket to the end of its hello (`docs/protocol.md`).
    pub hello: Duration,
    /// The life of a connection that has not become a WebSocket: enough to load the client over a
    /// link of 20 kbit/s, and an end to whoever asks for a file and never reads it.
    pub http: Duration,
    /// Without a byte of an upload: several times what a bad link takes to come back, and an end to whoever only
    /// begins. What arrived is kept.
    pub stall: Duration,
    /// How long news of presence is gathered before a room is told: the wire allows 250 ms, and what is of no news by then
    /// nobody hears of.
    pub presence: Duration,
    /// Sockets at a time; more are closed as they come. At 16 KiB each this is 320 MiB, and ten
    /// times the people of any LAN we know.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            http: Duration::from_secs(120),
            stall: Duration::from_secs(30),
            presence: Duration::from_millis(200),
            connections: 20_000,
        }
    }
}

/// A chat for everyone on the network, from one program on one machine. It prints the links to
/// open in a browser.
#[derive(Parser)]
#[command(name = "hub", version, long_about = None, after_help = EXIT_CODES)]
struct Flags {
    #[command(subcommand)]
    errand: Option<Errand>,

    /// The address and port to listen on; 0.0.0.0 (or [::]) stands for all of the machine's
    #[arg(long, env = "HUBBUB_LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:4000", value_parser = listen_address)]
    listen: SocketAddr,

    /// The directory for the log, the cookie and the files people send [default: hubbub/ where this platform keeps data]
    #[arg(long, env = "HUBBUB_DATA", value_name = "DIRECTORY", global = true)]
    data: Option<PathBuf>,

    /// The cookie everyone must know [default: the one in the data directory, made at the first start].
    /// Other users of this machine can see flags: prefer the environment variable
    #[arg(long, env = "HUBBUB_COOKIE", value_name = "TEXT", hide_env_values = true)]
    cookie: Option<String>,

    /// Let in whoever reaches the port, without a cookie
    #[arg(long, env = "HUBBUB_OPEN", value_parser = BoolishValueParser::new())]
    open: bool,

    /// Keep everything in memory, and files that people send in a temporary folder; --data is then not used
    #[arg(long, env = "HUBBUB_EPHEMERAL", value_parser = BoolishValueParser::new())]
    ephemeral: bool,

    /// The hub's node name is hub@NAME [default: the machine's host name]
    #[arg(long, env = "HUBBUB_NAME", value_name = "NAME", value_parser = host_part)]
    name: Option<String>,

    /// A further host name or address under which browsers may use the hub, with any port or with
    /// this one; may be given more than once, or with commas
    #[arg(long = "allow-host", env = "HUBBUB_ALLOW_HOST", value_name = "HOST[:PORT]", value_delimiter = ',')]
    allow_hosts: Vec<AllowedHost>,

    /// How long a nick stays reserved after its owner was last seen, as 30min, 24h or 7days
    #[arg(long, env = "HUBBUB_NICK_TTL", value_name = "TIME", default_value = "24h", value_parser = nick_ttl)]
    nick_ttl: Duration,

    /// How long a node that vanished is shown as reconnecting, and keeps its place, as 30s or 2min
    #[arg(long, env = "HUBBUB_LEASE", value_name = "TIME", default_value = "30s", value_parser = lease)]
    lease: Duration,

    /// Lines a second that one person may send (five times as many at once), or off
    #[arg(long, env = "HUBBUB_RATE_LIMIT", value_name = "LINES", default_value_t = RateLimit::Lines(RATE_LIMIT), value_parser = rate_limit)]
    rate_limit: RateLimit,

    /// The largest file that may be sent, as 25MiB or 1GiB
    #[arg(long, env = "HUBBUB_MAX_UPLOAD", value_name = "SIZE", default_value = "25MiB", value_parser = size::bytes)]
    max_upload: u64,

    /// How much all files may take together
    #[arg(long, env = "HUBBUB_FILE_QUOTA", value_name = "SIZE", default_value = "10GiB", value_parser = size::bytes)]
    file_quota: u64,

    /// How long a file is kept after it was last sent, as 90days or 1year, or forever
    #[arg(long, env = "HUBBUB_FILE_RETENTION", value_name = "TIME", default_value = "forever", value_parser = retention)]
    file_retention: Retention,

    /// Which programs run on the hub when somebody asks it to run them
    #[arg(long, env = "HUBBUB_PROGRAMS", value_name = "WHICH", value_enum, default_value_t = Programs::Examples)]
    programs: Programs,

    /// Do not announce the hub on the network (by multicast DNS, without the cookie): nobody finds it without a link
    #[arg(long, env = "HUBBUB_NO_ANNOUNCE", value_parser = BoolishValueParser::new())]
    no_announce: bool,

    /// How to print the links that lead here
    #[arg(long, env = "HUBBUB_PRINT_LINK", value_name = "HOW", value_enum, default_value_t = PrintLink::Text)]
    print_link: PrintLink,

    /// What to log on stderr: error, warn, info, debug, trace, or by module as hub=debug,warn
    #[arg(long, env = "HUBBUB_LOG", value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    log: String,
}

/// What `--rate-limit` says.
#[derive(Clone, Copy)]
enum RateLimit {
    Lines(u32),
    Off,
}

/// What `--file-retention` says.
#[derive(Clone, Copy)]
enum Retention {
    Time(Duration),
    Forever,
}

impl std::fmt::Display for RateLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lines(lines) => lines.fmt(f),
            Self::Off => f.write_str("off"),
        }
    }
}

impl Flags {
    fn data(&self) -> Option<PathBuf> {
        if self.ephemeral { None } else { self.data.clone().or_else(default_data) }
    }
}

impl Config {
    fn from_flags(flags: Flags) -> Result<Self, clap::Error> {
        if flags.open && flags.cookie.is_some() {
            return Err(refuse(
                "--open asks for no cookie and --cookie (or HUBBUB_COOKIE) for one: leave one of them out",
            ));
        }
        // Not by a value parser: clap's message would show the cookie.
        let cookie = flags.cookie.as_deref().map(cookie_file::checked).transpose();
        let cookie = cookie.map_err(|reason| refuse(&format!("the cookie given cannot be used: {reason}")))?;
        Ok(Self {
            listen: flags.listen,
            data: flags.data(),
            cookie,
            open: flags.open,
            ephemeral: flags.ephemeral,
            name: flags.name.unwrap_or_else(machine_name),
            allow_hosts: flags.allow_hosts,
            nick_ttl: flags.nick_ttl,
            lease: flags.lease,
            rate_limit: match flags.rate_limit {
                RateLimit::Lines(lines) => Some(lines),
                RateLimit::Off => None,
            },
            max_upload: flags.max_upload,
            file_quota: flags.file_quota,
            file_retention: match flags.file_retention {
                Retention::Time(time) => Some(time),
                Retention::Forever => None,
            },
            programs: flags.programs,
            announce: !flags.no_announce,
            mdns_port: MDNS_PORT,
            print_link: flags.print_link,
            log: flags.log,
            limits: Limits::default(),
        })
    }

    /// A hub for a test: on a free port of loopback, with its log and cookie in this directory.
    pub fn for_tests(data: &Path) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: Some(data.to_owned()),
            cookie: None,
            open: false,
            ephemeral: false,
            name: "test".to_owned(),
            allow_hosts: Vec::new(),
            nick_ttl: Duration::from_secs(24 * 60 * 60),
            lease: LEASE,
            rate_limit: Some(RATE_LIMIT),
            max_upload: MAX_UPLOAD,
            file_quota: FILE_QUOTA,
            file_retention: None,
            programs: Programs::default(),
            announce: false,
            mdns_port: MDNS_PORT,
            print_link: PrintLink::default(),
            log: "info".to_owned(),
            limits: Limits::default(),
        }
    }
}

/// The environment variables that are read.
pub(crate) fn variables() -> Vec<String> {
    let flags = Flags::command();
    let names = flags.get_arguments().filter_map(|flag| flag.get_env());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// What clap has to say about a command line, on one line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said: Vec<String> = text
        .split("\n\n")
        .filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .collect();
    let said = said.join("; ");
    let said = said.strip_prefix("error: ").unwrap_or(&said).trim_end_matches('.');
    // What somebody typed stands in it: not for the terminal to obey.
    let plain: String = said.chars().filter(|c| !c.is_control()).collect();
    format!("{plain}. See `{} --help`.", command_of(error))
}

/// The command that a complaint is about, as `hub nicks free`, where clap names it.
fn command_of(error: &clap::Error) -> String {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let words = usage.split_whitespace().skip_while(|word| *word != "hub");
    let names: Vec<&str> = words.take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).collect();
    if names.is_empty() { "hub".to_owned() } else { names.join(" ") }
}

/// The same complaint, of the variable where it is one about a flag that nobody has typed: clap names flags alone.
fn of_its_variable(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let flag = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(named)) => named.split(' ').next().unwrap_or_default().to_owned(),
        _ => return error,
    };
    let is_typed = args.iter().any(|arg| {
        let arg = arg.to_string_lossy();
        arg.strip_prefix(flag.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    let description = Flags::command();
    let mut arguments = description.get_arguments();
    let argument = arguments.find(|argument| argument.get_long().is_some_and(|long| flag == format!("--{long}")));
    let variable = argument.and_then(|argument| argument.get_env()).filter(|name| std::env::var_os(name).is_some());
    if let Some(variable) = variable.filter(|_| !is_typed) {
        let name = variable.to_string_lossy().into_owned();
        error.insert(ContextKind::InvalidArg, ContextValue::String(name));
    }
    error
}

fn refuse(message: &str) -> clap::Error {
    Flags::command().error(ErrorKind::ArgumentConflict, message)
}

fn default_data() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|platform| platform.data_dir().join(DATA))
}

/// The machine's host name where it can be part of a node's name.
fn machine_name() -> String {
    let name = hostname::get().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| NodeName::new(HUB, name).is_ok()).unwrap_or_else(|| "localhost".to_owned())
}

fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an IP address and a port, as 0.0.0.0:4000, 127.0.0.1:4000 or [::]:4000")
}

fn host_part(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("hub@").unwrap_or(text);
    NodeName::new(HUB, host).map(|name| name.host().to_owned()).map_err(|error| error.to_string())
}

fn nick_ttl(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| "expected a time with its unit, as 30min, 24h or 7days")?;
    if time <= MAX_NICK_TTL { Ok(time) } else { Err("more than 100 years is no use to anyone".to_owned()) }
}

fn lease(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| "expected a time with its unit, as 30s or 2min")?;
    if time <= MAX_LEASE { Ok(time) } else { Err("a node that is gone for longer than a day is gone".to_owned()) }
}

fn rate_limit(text: &str) -> Result<RateLimit, String> {
    if text == "off" {
        return Ok(RateLimit::Off);
    }
    match text.parse() {
        Ok(lines @ 1..=MAX_RATE_LIMIT) => Ok(RateLimit::Lines(lines)),
        _ => Err(format!("expected lines a second, 1 to {MAX_RATE_LIMIT}, or off")),
    }
}

fn retention(text: &str) -> Result<Retention, String> {
    if text == "forever" {
        return Ok(Retention::Forever);
    }
    let expected = "expected a time with its unit, as 90days or 1year, or forever";
    humantime::parse_duration(text).map(Retention::Time).map_err(|_| expected.to_owned())
}

fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}; expected a level, as info, or levels by module, as hub=debug,warn")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(flags: &[&str]) -> Result<Config, String> {
        let args = ["hub"].iter().chain(flags).map(OsString::from);
        match Asked::from_args(args).map_err(|error| one_line(&error))? {
            Asked::Serve(config) => Ok(*config),
            _ => panic!("{flags:?} start no hub"),
        }
    }

    /// The one line with which these flags are refused.
    fn refusal(flags: &[&str]) -> String {
        let line = parse(flags).err().unwrap_or_else(|| panic!("{flags:?} were taken"));
        assert!(!line.contains('\n') && line.ends_with(" --help`."), "{line}");
        line
    }

    #[test]
    fn who_mistypes_a_command_is_led_to_its_own_help() {
        for (flags, help) in [
            (&["nicks", "free"][..], "See `hub nicks free --help`."),
            (&["nicks", "--data=/srv/chat"], "See `hub nicks --help`."),
            (&["nicks", "fre", "ana"], "See `hub nicks --help`."),
            (&["backup"], "See `hub backup --help`."),
            (&["restore", "a.tar", "--overwrite"], "See `hub restore --help`."),
            (&["start"], "See `hub --help`."),
            (&["--listen=x"], "See `hub --help`."),
            (&["--open", "--cookie=sesame"], "See `hub --help`."),
        ] {
            assert!(refusal(flags).ends_with(help), "{flags:?}: {}", refusal(flags));
        }
    }

    #[test]
    fn a_command_that_wants_another_shows_which_there_are() {
        let error = Asked::from_args(["hub", "nicks"].map(OsString::from)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    }

    #[test]
    fn clap_finds_no_fault_with_the_flags() {
        Flags::command().debug_assert();
    }

    #[test]
    fn without_flags_everything_has_its_default() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:4000");
        assert!(config.data.unwrap().ends_with("hubbub"));
        assert_eq!(config.cookie, None);
        assert!(!config.open && !config.ephemeral && config.allow_hosts.is_empty());
        assert!(NodeName::new(HUB, &config.name).is_ok());
        assert_eq!(config.nick_ttl, Duration::from_secs(86_400));
        assert_eq!(config.lease, Duration::from_secs(30));
        assert_eq!(config.rate_limit, Some(20));
        assert_eq!((config.max_upload, config.file_quota), (MAX_UPLOAD, FILE_QUOTA));
        assert_eq!(config.file_retention, None);
        assert_eq!(config.programs, Programs::Examples);
        assert!(config.announce);
        assert_eq!(config.print_link, PrintLink::Text);
        assert_eq!(config.log, "info");
    }

    #[test]
    fn flags_say_what_they_mean() {
        let config = parse(&[
            "--listen=[::1]:80",
            "--data=/srv/chat",
            "--cookie=open sesame",
            "--name=hub@den.local",
            "--allow-host=chat.example.org,10.0.0.1:8080",
            "--allow-host=[fd00::5]",
            "--nick-ttl=7days",
            "--lease=2min",
            "--rate-limit=off",
            "--max-upload=1GiB",
            "--file-quota=500GB",
            "--file-retention=90days",
            "--programs=all",
            "--no-announce",
            "--print-link=json",
            "--log=hub=debug,warn",
        ])
        .unwrap();
        assert_eq!(config.listen.to_string(), "[::1]:80");
        assert_eq!(config.data, Some("/srv/chat".into()));
        assert_eq!(config.cookie.as_deref(), Some("open sesame"));
        assert_eq!(config.name, "den.local");
        let hosts = ["chat.example.org", "10.0.0.1:8080", "[fd00::5]"].map(|host| host.parse().unwrap());
        assert_eq!(config.allow_hosts, hosts);
        assert_eq!(config.nick_ttl, Duration::from_secs(7 * 86_400));
        assert_eq!(config.lease, Duration::from_secs(120));
        assert_eq!(config.rate_limit, None);
        assert_eq!((config.max_upload, config.file_quota), (1 << 30, 500_000_000_000));
        assert_eq!(config.file_retention, Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(config.programs, Programs::All);
        assert!(!config.announce);
        assert_eq!(config.print_link, PrintLink::Json);
        assert_eq!(config.log, "hub=debug,warn");
    }

    #[test]
    fn a_nick_is_freed_where_the_data_is() {
        let freed = |flags: &[&str]| {
            let args = ["hub"].iter().chain(flags).map(OsString::from);
            match Asked::from_args(args).map_err(|error| one_line(&error)) {
                Ok(Asked::FreeNick { nick, data }) => (nick, data),
                Ok(_) => panic!("{flags:?} do something else"),
                Err(error) => panic!("{error}"),
            }
        };
        let there = ("ana".to_owned(), Some(PathBuf::from("/srv/chat")));
        assert_eq!(freed(&["nicks", "free", "ana", "--data=/srv/chat"]), there);
        assert_eq!(freed(&["--data=/srv/chat", "nicks", "free", "ana"]), there);
        assert!(freed(&["nicks", "free", "ana"]).1.unwrap().ends_with("hubbub"));
        for (flags, missing) in [(&["nicks", "free"][..], "NICK"), (&["nicks", "fre", "ana"], "fre")] {
            assert!(refusal(flags).contains(missing), "{flags:?}: {}", refusal(flags));
        }
    }

    #[test]
    fn an_ephemeral_hub_has_no_data_directory() {
        assert_eq!(parse(&["--ephemeral"]).unwrap().data, None);
        assert_eq!(parse(&["--ephemeral", "--data=/srv/chat"]).unwrap().data, None);
    }

    #[test]
    fn a_malformed_flag_is_refused_in_one_line_that_names_it() {
        for (flag, value) in [
            ("--listen", "4000"),
            ("--listen", "localhost:4000"),
            ("--listen", "0.0.0.0:99999"),
            ("--name", ""),
            ("--name", "ana@den"),
            ("--name", "in the den"),
            ("--allow-host", "http://den"),
            ("--allow-host", "den,,den2"),
            ("--nick-ttl", "24"),
            ("--nick-ttl", "tomorrow"),
            ("--nick-ttl", "200years"),
            ("--lease", "30"),
            ("--lease", "2days"),
            ("--rate-limit", "0"),
            ("--rate-limit", "-1"),
            ("--rate-limit", "many"),
            ("--max-upload", "25"),
            ("--file-quota", "much"),
            ("--file-retention", "30"),
            ("--programs", "some"),
            ("--print-link", "picture"),
            ("--log", "hub=loud"),
        ] {
            let line = refusal(&[&format!("{flag}={value}")]);
            assert!(line.contains(flag), "{line}");
        }
    }

    #[test]
    fn an_unknown_flag_or_word_is_refused() {
        assert!(refusal(&["--lisen=x"]).contains("--listen"), "the one that was meant is named");
        assert!(refusal(&["start"]).contains("start"));
        assert!(refusal(&["--data"]).contains("--data"));
    }

    #[test]
    fn open_contradicts_a_cookie() {
        let line = refusal(&["--open", "--cookie=sesame"]);
        assert!(line.contains("--open") && line.contains("--cookie"), "{line}");
    }

    #[test]
    fn a_cookie_that_cannot_be_used_is_refused_and_not_shown() {
        for cookie in ["", " sesame", "sesame\n", "ses\tame", &"sesame".repeat(100)] {
            let line = refusal(&[&format!("--cookie={cookie}")]);
            assert!(line.contains("cookie") && !line.contains("sesame") && !line.contains("ame"), "{line}");
        }
    }

    #[test]
    fn nothing_typed_can_break_the_line_or_the_terminal() {
        let line = refusal(&["--listen=a\n\nb\x1b[31mc"]);
        assert!(!line.chars().any(char::is_control), "{line}");
    }
}
