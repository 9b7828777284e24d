//! How much of a list is taken that a hub tells, the one place for all of them: a hub that is none, or is broken, may say more
//! in one frame than can be worked off in a day. Lists of a hub that keeps its own bounds are never cut.

use serde_json::{Map, Value};
use shared::entry::{Details, Entry, Said, Whispered};
use shared::message::{NodesChanged, Outcome, Presence, Reply, ToNode};
use shared::store;
use shared::wire::{
    self, MAX_BEHIND, MAX_CONVERSATIONS, MAX_FILES, MAX_FOLLOWED, MAX_PAGE, MAX_PRESENCE, MAX_REACTIONS, MAX_REACTORS,
};

/// People, rooms or nodes in a list of all there are, and people told of in one signal as gone: more than a hub was ever
/// measured with, which is 15,000 nodes in a lobby.
pub(crate) const MAX_LISTED: usize = 20_000;

/// Rooms that one node is in: as many as a hub lets it be.
const MAX_ROOMS: usize = 1_000;

/// People told of in one signal about a room as come, or as otherwise. (Of those who went there may be a whole crowd.)
const MAX_MOVED: usize = 2 * MAX_PRESENCE;

/// Nodes told of in one signal, likewise.
const MAX_CHANGED: usize = 2 * MAX_FOLLOWED;

/// The lists that answers hold, by the names of their fields.
const ANSWERED: [(&str, usize); 7] = [
    ("users", MAX_LISTED),
    ("rooms", MAX_LISTED),
    ("nodes", MAX_LISTED),
    ("conversations", MAX_CONVERSATIONS),
    ("entries", MAX_PAGE as usize),
    ("behind", MAX_BEHIND),
    ("pairs", store::MAX_PAGE),
];

/// Reads a frame, and leaves out of its lists what is over.
///
/// # Errors
/// As [`wire::decode_to_node`].
pub(crate) fn read(frame: &str) -> Result<ToNode, serde_json::Error> {
    let mut message = wire::decode_to_node(frame)?;
    match &mut message {
        ToNode::Welcome(welcome) => welcome.rooms.truncate(MAX_ROOMS),
        ToNode::Reply(Reply { outcome: Outcome::Ok(Value::Object(answer)), .. }) => cut_answer(answer),
        ToNode::Presence(Presence { joined, left, states, .. }) => {
            joined.truncate(MAX_MOVED);
            left.truncate(MAX_LISTED);
            if let Some(first_over) = states.keys().nth(MAX_MOVED).cloned() {
                states.split_off(&first_over);
            }
        }
        ToNode::Nodes(NodesChanged { here, gone, .. }) => {
            here.truncate(MAX_CHANGED);
            gone.truncate(MAX_CHANGED);
        }
        ToNode::Entry(
            Entry::Said(Said { details: Some(details), .. })
            | Entry::Whispered(Whispered { details: Some(details), .. }),
        ) => cut_details(details),
        _ => {}
    }
    Ok(message)
}

fn cut_details(details: &mut Details) {
    details.files.truncate(MAX_FILES);
    details.reactions.truncate(MAX_REACTIONS);
    for reaction in &mut details.reactions {
        reaction.nicks.truncate(MAX_REACTORS);
    }
}

/// An answer is not yet read as what it is: that goes by its request.
fn cut_answer(answer: &mut Map<String, Value>) {
    for (name, most) in ANSWERED {
        cut(answer, name, most);
    }
    for line in items(answer, "entries") {
        cut(line, "files", MAX_FILES);
        cut(line, "reactions", MAX_REACTIONS);
        for reaction in items(line, "reactions") {
            cut(reaction, "nicks", MAX_REACTORS);
        }
    }
}

fn cut(object: &mut Map<String, Value>, name: &str, most: usize) {
    if let Some(Value::Array(list)) = object.get_mut(name) {
        list.truncate(most);
    }
}

/// The objects in a list of an object's.
fn items<'a>(object: &'a mut Map<String, Value>, name: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let list = object.get_mut(name).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One more than a list may hold, and than all others.
    const OVER: usize = MAX_LISTED + 1;

    fn answered(ok: &Value) -> Value {
        let frame = json!({ "type": "reply", "id": "1", "ok": ok }).to_string();
        match read(&frame).unwrap() {
            ToNode::Reply(Reply { outcome: Outcome::Ok(value), .. }) => value,
            other => panic!("an answer, not {other:?}"),
        }
    }

    #[test]
    fn of_an_answer_no_list_is_taken_beyond_its_bound() {
        for (name, most) in ANSWERED {
            let many = |count: usize| json!({ name: vec![json!({ "n": 1 }); count], "more": true });
            assert_eq!(answered(&many(OVER)), many(most), "{name}");
            assert_eq!(answered(&many(most)), many(most), "{name}");
        }
        // The answer to `cursors` has a number of that name.
        assert_eq!(answered(&json!({ "nodes": 3, "behind": [] })), json!({ "nodes": 3, "behind": [] }));
    }

    #[test]
    fn nor_of_what_a_line_carries() {
        let reaction = |nicks: usize| json!({ "emoji": "👍", "nicks": vec!["ana"; nicks], "count": 1 });
        let file = json!({ "hash": "h", "name": "n", "size": 1, "kind": "text/plain" });
        let line = |files: usize, reactions: usize, nicks: usize| {
            json!({
                "type": "said", "seq": 1, "at": 1, "room": "lobby", "from": "ana", "id": "1", "text": "hi",
                "files": vec![file.clone(); files], "reactions": vec![reaction(nicks); reactions],
            })
        };
        let (over, kept) = (line(OVER, 30, OVER), line(MAX_FILES, MAX_REACTIONS, MAX_REACTORS));
        assert_eq!(answered(&json!({ "entries": [over] })), json!({ "entries": [kept] }));
        assert_eq!(read(&over.to_string()).unwrap(), wire::decode_to_node(&kept.to_string()).unwrap());
    }

    #[test]
    fn nor_of_what_comes_by_itself() {
        let names: Vec<String> = (0..OVER).map(|number| format!("n{number}")).collect();
        let states: Map<String, Value> = names.iter().map(|name| (name.clone(), "away".into())).collect();
        let presence = json!({ "type": "presence", "room": "lobby", "joined": names, "left": names, "states": states });
        let ToNode::Presence(Presence { joined, left, states, .. }) = read(&presence.to_string()).unwrap() else {
            panic!("presence");
        };
        assert_eq!((joined.len(), left.len(), states.len()), (MAX_MOVED, MAX_LISTED, MAX_MOVED));

        let here: Vec<Value> =
            names.iter().map(|name| json!({ "node": name, "nick": null, "kind": "tab", "since": 1 })).collect();
        let nodes = json!({ "type": "nodes", "here": here, "gone": names });
        let ToNode::Nodes(NodesChanged { here, gone, .. }) = read(&nodes.to_string()).unwrap() else { panic!("nodes") };
        assert_eq!((here.len(), gone.len()), (MAX_CHANGED, MAX_CHANGED));

        let welcome = json!({
            "type": "welcome", "version": 1, "hub": "hub@den", "node": "ana@den", "session": "s", "epoch": "e", "seq": 0,
            "resumed": true, "nick": null, "rooms": names,
        });
        let ToNode::Welcome(welcome) = read(&welcome.to_string()).unwrap() else { panic!("a welcome") };
        assert_eq!(welcome.rooms.len(), MAX_ROOMS);
    }
}
