//! What a person at a browser can rely on. One program, so that its tests share the two that may run at a time.
//!
//! | module | promise |
//! |---|---|
//! | `meeting` | two people meet, and read the same talk in the same order |
//! | `whispering` | what is for one person reaches that one, now or later, and nobody else |
//! | `colliding_nicks` | a nick belongs to one person, and so does what looks like it |
//! | `cookie` | nobody gets in without the cookie, and everybody who has it does |
//! | `first_minutes` | a new hub explains itself, and others are brought in by a link, a code or a paste |
//! | `installing` | the client can be installed, and opens while the hub is away |
//! | `topics` | what a room is about is for everybody to see and to say |
//! | `people` | who somebody is, how they are, and how to reach them |
//! | `palette` | a few letters lead anywhere |
//! | `search` | what was said is found, and opened where it was said |
//! | `lines` | what was said can be changed, taken back, copied, and unfolded |
//! | `markdown` | what people write is set as they mean it |
//! | `replies` | an answer says what it answers, and leads there |
//! | `reactions` | people can show what they think of a line |
//! | `mentions_written` | nicks and emoji are offered while one writes |
//! | `files` | files arrive whole, are seen as what they are, and run nowhere |
//! | `rooms` | rooms are entered, left and entered again, and nothing in them goes unnoticed |
//! | `reload` | a page that is loaded again is where it was |
//! | `history` | older lines come when they are wanted, and the view stays where it is |
//! | `windowed` | a room of very many lines is read as easily as a small one |
//! | `addresses` | every place and every line has an address, which leads there and back |
//! | `following_the_end` | what is new is where one left off, and nobody is taken from what they read |
//! | `typing` | one sees that somebody is writing |
//! | `settings` | it looks as the person wants it, now and at the next visit |
//! | `attention` | who is called hears of it, and nobody else does |
//! | `away` | others see who has left their device alone |
//! | `composer` | what is written is sent when it is meant to be sent, and commands are understood |
//! | `losing_the_hub` | when the hub is away people are told, and what they write is not lost |
//! | `typed_offline` | what is typed arrives once, whatever happens to the hub, the tab or the page meanwhile |
//! | `sleeping` | a page that was put to sleep has missed nothing when it wakes |
//! | `coming_and_going` | others see how someone is, without noise and without ghosts |
//! | `delivery` | who sends a line can see whom it has reached |
//! | `unread` | what was read is known on all of one's tabs, and to the hub for ever |
//! | `foreign_origin` | no other site's page can use the hub |
//! | `safe_text` | what somebody writes is shown, and never obeyed |
//! | `keyboard` | nobody needs a mouse |
//! | `layout` | everything is in sight, on a laptop and on a telephone |
//! | `plain_http` | all of it works where there is no HTTPS |
//! | `read_out` | a screen reader reads out what is said, and not what was said before |
//! | `accessibility` | nothing bars anyone: not who cannot see, point or read as most do |
//! | `console` | nodes and their processes are seen and spoken to by hand, and by keyboard alone |
//! | `picture` | the picture of the nodes draws itself, also where they are many |
//! | `calling` | tabs are nodes: they call each other, and learn what became of a call |
//! | `programs` | every system of the texts that this comes from runs from a browser, in one line |
//! | `terminal` | terminals and browsers are in one chat, as if they were the same |
//! | `consent` | nobody runs a program on another's tab unless its person says so |
//! | `store_offline` | the store is read without the hub, and what is put then arrives once |
//! | `worker_dies` | a program that goes wrong takes nobody along |
//! | `chunks` | what is seldom wanted is fetched when it is, and nobody waits for it in vain |
//! | `weight` | the page is small, and nothing of it is loaded twice |
//! | `kit` | what the tests' hands and eyes do is what they say |

#![allow(clippy::expect_used, reason = "a test that finds what it did not expect stops there and then")]

mod accessibility;
mod addresses;
mod attention;
mod away;
mod calling;
mod chunks;
mod colliding_nicks;
mod coming_and_going;
mod composer;
mod consent;
mod console;
mod cookie;
mod delivery;
mod files;
mod first_minutes;
mod following_the_end;
mod foreign_origin;
mod history;
mod installing;
mod keyboard;
mod kit;
mod layout;
mod lines;
mod losing_the_hub;
mod markdown;
mod meeting;
mod mentions_written;
mod palette;
mod people;
mod picture;
mod plain_http;
mod programs;
mod reactions;
mod read_out;
mod reload;
mod replies;
mod rooms;
mod safe_text;
mod search;
mod settings;
mod sleeping;
mod store_offline;
mod terminal;
mod topics;
mod typed_offline;
mod typing;
mod unread;
mod weight;
mod whispering;
mod windowed;
mod worker_dies;
