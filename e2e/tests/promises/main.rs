//! What a person at a browser can rely on. One program, so that its tests share the two that may run at a time.
//!
//! | module | promise |
//! |---|---|
//! | `meeting` | two people meet, and read the same talk in the same order |
//! | `whispering` | what is for one person reaches that one, now or later, and nobody else |
//! | `colliding_nicks` | a nick belongs to one person, and so does what looks like it |
//! | `cookie` | nobody gets in without the cookie, and everybody who has it does |
//! | `rooms` | rooms are entered, left and entered again, and nothing in them goes unnoticed |
//! | `reload` | a page that is loaded again is where it was |
//! | `history` | older lines come when they are wanted, and the view stays where it is |
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
//! | `weight` | the page is small, and nothing of it is loaded twice |

#![allow(clippy::expect_used, reason = "a test that finds what it did not expect stops there and then")]

mod colliding_nicks;
mod coming_and_going;
mod composer;
mod cookie;
mod delivery;
mod foreign_origin;
mod history;
mod keyboard;
mod layout;
mod losing_the_hub;
mod meeting;
mod plain_http;
mod reload;
mod rooms;
mod safe_text;
mod sleeping;
mod typed_offline;
mod unread;
mod weight;
mod whispering;
