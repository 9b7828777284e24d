//! The process that other nodes reach: what arrives is folded into the transcript, and what that
//! changed goes into the signals of [`Node`].

use shared::message::{Answer, ErrorCode, Pinged, Refusal, Sent, ToHub};
use shared::session::{Delivery, Phase, Response};
use shared::transcript::Place;

use crate::driver::Asked;
use crate::node::{Node, Screen};
use crate::notice::Notice;
use crate::storage::Identity;
use crate::{calendar, clock, storage};

/// Takes what the session delivers.
pub(crate) fn deliver(node: Node, delivery: Delivery) {
    let Some(delivery) = node.signalled(delivery) else { return };
    let changes = node.with_core(|core| {
        let now = match &delivery {
            Delivery::Sending { request } => core.line(request.id()).map(|line| line.at),
            Delivery::Lost => {
                core.lost_at = clock::now();
                None
            }
            _ => None,
        };
        core.transcript.deliver(now.unwrap_or_else(clock::now), &delivery)
    });
    match delivery {
        Delivery::Heard(_) | Delivery::Presence(_) => node.show_soon(changes),
        _ => {
            node.show(&changes);
            node.show_standing();
        }
    }
    match delivery {
        Delivery::Welcomed { welcome, new_log } => {
            node.with_core(|core| core.cookie.clone()).as_deref().map(storage::keep_cookie);
            node.join.cookie_wanted.set(false);
            node.welcome.set(Some(welcome));
            if new_log {
                node.forget_begun();
                node.notice.set(Some(Notice::Words(
                    "The hub has a new log, perhaps a backup. Lines may be missing.".to_owned(),
                )));
            }
        }
        Delivery::Sending { request } => node.line_waits(&request),
        Delivery::Answered { request, answer } => answered(node, request, answer),
        Delivery::Heard(entry) => {
            node.own_line_heard(&entry);
            node.called_by(&entry);
        }
        Delivery::Complaint(refusal) => node.complain(words(&refusal)),
        Delivery::Lost
        | Delivery::Presence(_)
        | Delivery::Typing { .. }
        | Delivery::Synced { .. }
        | Delivery::Read { .. }
        | Delivery::Signal(_)
        | Delivery::Unreachable(_)
        | Delivery::Down(_)
        | Delivery::Nodes(_) => {}
    }
}

/// Shows the state of the connection.
pub(crate) fn phase(node: Node, phase: Phase) {
    match &phase {
        Phase::CookieWanted { .. } => {
            let tried = node.with_core(|core| core.cookie.is_some());
            node.join.cookie_error.set(
                tried.then(|| {
                    "This is not the hub’s cookie. Ask for a new invitation link, and paste it here.".to_owned()
                }),
            );
            node.join.cookie_wanted.set(true);
            node.join.busy.set(false);
            node.screen.set(Screen::Join);
        }
        Phase::Refused { .. } => {
            node.join.busy.set(false);
        }
        Phase::Idle | Phase::Connecting | Phase::Online | Phase::Waiting { .. } | Phase::Offline => {}
    }
    let online = phase == Phase::Online;
    node.phase.set(phase);
    if online && node.screen.get_untracked() == Screen::Chat {
        node.load_first();
        node.join_awaited();
        node.jump_awaited();
        node.adopt_lines();
        node.ask_reach_anew();
    }
}

fn answered(node: Node, request: ToHub, answer: Result<Response, Refusal>) {
    let purpose = request.id().and_then(|id| node.with_core(|core| core.purpose(id)));
    match (request, answer) {
        (ToHub::Connect { .. }, Ok(Response::Connected(connected))) => {
            let (nick, token) = (connected.nick, Some(connected.token));
            storage::keep_identity(&Identity { nick: nick.clone(), token, inside: true });
            node.nick.set(nick);
            node.join.busy.set(false);
            if node.screen.get_untracked() != Screen::Chat {
                node.screen.set(Screen::Chat);
                node.follow_address();
                node.adopt_lines();
            }
        }
        (ToHub::Connect { nick, .. }, Err(refusal)) => {
            node.join.nick.set(nick);
            node.join.nick_error.set(Some(words(&refusal)));
            node.join.busy.set(false);
            node.screen.set(Screen::Join);
        }
        (ToHub::Join { .. }, Ok(Response::Joined(joined))) => {
            node.keep_rooms();
            if purpose == Some(Asked::Enter) {
                node.shut_dialog();
                node.entered(joined.room);
            }
        }
        (ToHub::Join { .. }, Err(refusal)) if purpose == Some(Asked::Enter) && node.picks_room() => {
            node.directory.error.set(Some(words(&refusal)));
        }
        (ToHub::Join { .. }, Err(refusal)) if purpose == Some(Asked::Enter) => {
            // An address need not lead anywhere.
            node.with_core(|core| core.joining = None);
            node.complain(words(&refusal));
        }
        (ToHub::Leave { room, .. }, Ok(_)) => {
            node.keep_rooms();
            if let Some(Asked::Leave(place)) = purpose {
                node.close(&place);
                let room = place.name();
                node.notice.set(Some(Notice::Words(format!("You have left {room}. Type /join {room} to come back."))));
            } else {
                // The session has left a room that could not be entered, as far as anybody was told.
                node.close(&Place::Room(room));
            }
        }
        (ToHub::Disconnect { .. }, _) => node.end(),
        (ToHub::Say { id, .. } | ToHub::PrivateMessage { id, .. }, Err(refusal)) => node.line_refused(&id, &refusal),
        (ToHub::Say { id, .. }, Ok(_)) => storage::forget_line(&id),
        (ToHub::PrivateMessage { id, to, .. }, Ok(response)) => {
            storage::forget_line(&id);
            if let Response::Sent(Sent { delivered: Some(0), .. }) = response {
                let words = format!("{to} is not here now and will find your message on coming back.");
                node.notice.set(Some(Notice::Words(words)));
            }
        }
        // What was given up with its nick waits for the next visit.
        (change, Err(refusal)) if change.makes_entry() => {
            if refusal.code != ErrorCode::NotConnected {
                change.id().map(storage::forget_line);
            }
            node.change_refused(&change, &refusal);
        }
        // The transcript shows it.
        (change, Ok(_)) if change.makes_entry() => drop(change.id().map(storage::forget_line)),
        (ToHub::Cursors { .. }, answer) => node.reach_told(answer.is_ok()),
        (_, answer) if matches!(purpose, Some(Asked::Rooms | Asked::Everyone | Asked::Who)) => node.looked_up(answer),
        (ToHub::ListUsers { .. }, Ok(Response::Users(users))) => {
            if let Some(Asked::Users(place)) = purpose {
                let place = place.name().to_owned();
                node.notice.set(Some(Notice::Users { place, users: users.users }));
            }
        }
        (ToHub::Search { id, before, .. }, answer) => {
            // Who has asked has it.
            if let Some(more) = node.more_at_hand() {
                (more.search_answered)(node, &id, before, answer);
            }
        }
        (ToHub::ListNodes { .. }, Ok(Response::Nodes(nodes))) => {
            node.nodes.set(nodes.nodes.clone());
            if purpose == Some(Asked::Nodes) {
                node.notice.set(Some(Notice::Nodes(nodes.nodes)));
            }
        }
        (ToHub::Ping { node: pinged, .. }, Ok(Response::Pinged(Pinged { answer, ms }))) => {
            node.notice.set(Some(Notice::Words(match answer {
                Answer::Pong => format!("pong: {pinged} answered after {ms} ms."),
                Answer::Pang => {
                    format!("pang: {pinged} is unknown, gone, or does not answer. /nodes lists those that are there.")
                }
            })));
        }
        (ToHub::History { .. }, answer) => page_came(node, purpose, answer),
        (_, Err(refusal)) => {
            // What nobody asked for by hand (names to complete, say) fails in silence.
            if purpose.is_some_and(|purpose| purpose != Asked::NodeNames) {
                node.complain(words(&refusal));
            }
        }
        // The session has seen to it that answers fit their requests.
        (_, Ok(_)) => {}
    }
}

/// A page was answered that was asked for where one is, or was.
fn page_came(node: Node, purpose: Option<Asked>, answer: Result<Response, Refusal>) {
    let here = node.here.get_untracked();
    match (purpose, answer) {
        (Some(Asked::Older(place)), Ok(Response::Page(page))) if place == here => node.older_came(&page),
        (Some(Asked::Older(place)), Err(refusal)) if place == here => {
            node.talk.loading.set(false);
            // Whoever writes to nobody reads it beside the line.
            if refusal.code != ErrorCode::NoSuchNick {
                node.complain(words(&refusal));
            }
        }
        (Some(Asked::Hole(place)), Ok(Response::Page(page))) if place == here => node.filled(Some(&page)),
        (Some(Asked::Hole(place)), _) if place == here => node.filled(None),
        (Some(Asked::Around(place)), answer) if place == here => {
            node.page_round_line();
            if let Err(refusal) = answer {
                node.complain(words(&refusal));
            }
        }
        _ => {}
    }
}

/// A refusal in words, with the time when it ends.
pub(crate) fn words(refusal: &Refusal) -> String {
    let mut words = refusal.message.clone();
    if let Some(until) = refusal.until {
        let wait = until.saturating_sub(clock::now());
        let span = calendar::span(wait);
        let when = calendar::full(until, clock::minutes_east(until));
        words.push_str(&match refusal.code {
            ErrorCode::NickInUse if wait > 0 => {
                format!(" It falls free in {span} ({when}) unless its owner comes back.")
            }
            _ if wait > 0 => format!(" Try again in {span}."),
            _ => " Try again now.".to_owned(),
        });
    }
    words
}

impl Node {
    fn keep_rooms(self) {
        let rooms: Vec<String> = self.with_core(|core| core.session.rooms().map(str::to_owned).collect());
        storage::keep_rooms(&rooms);
    }
}
