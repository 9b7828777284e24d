//! Who takes part, and how: roles follow from a client's number.

/// Rooms to talk in beside the lobby.
const ROOMS: u16 = 4;

/// How a client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Talks and listens.
    Steady,
    /// Now and then takes nothing from its deliveries for a while, over a way that is slow itself: the hub has to
    /// let it fall behind.
    Slow,
    /// Joins and leaves a further room, again and again.
    Wanderer,
    /// Stops now and then, and begins anew with its session's secret and the lines it had left over.
    Restarter,
    /// A further node of the nick of the client before it.
    Second,
}

/// How a client reaches the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    /// Through the proxy with faults.
    Faulty,
    /// The same, slow besides, and hardly anything fits in between.
    Narrow,
}

/// What the client with this number does. Half of them talk to the hub directly, so that much is said.
pub(crate) fn role(client: u16) -> (Role, Way) {
    match client % 8 {
        1 => (Role::Steady, Way::Faulty),
        3 => (Role::Slow, Way::Narrow),
        4 => (Role::Restarter, Way::Faulty),
        5 => (Role::Wanderer, Way::Faulty),
        7 => (Role::Second, Way::Faulty),
        _ => (Role::Steady, Way::Direct),
    }
}

/// The nick a client has.
pub(crate) fn nick(client: u16) -> u16 {
    if role(client).0 == Role::Second { client - 1 } else { client }
}

/// The rooms a client is in all the time, beside the lobby. Slow ones are in all: much is to come to them.
pub(crate) fn rooms(client: u16) -> Vec<u8> {
    match role(client).0 {
        Role::Slow => all_rooms().skip(1).collect(),
        _ => vec![room(client), room(client + 1 + client / ROOMS % (ROOMS - 1))],
    }
}

/// Whether a client keeps a copy of the store, and puts and removes: half of them, of every way there is.
pub(crate) fn keeps_store(client: u16) -> bool {
    matches!(client % 8, 0 | 1 | 3 | 4)
}

/// The room a wanderer goes in and out of.
pub(crate) fn visited(client: u16) -> u8 {
    let rooms = rooms(client);
    all_rooms().skip(1).find(|room| !rooms.contains(room)).unwrap_or(0)
}

/// All rooms there are, the lobby among them.
pub(crate) fn all_rooms() -> impl Iterator<Item = u8> {
    0..=ROOMS as u8
}

/// Whom a client whispers to: their nick. None where it is alone.
pub(crate) fn partner(client: u16, clients: u16) -> Option<u16> {
    let nick = nick(client);
    let partners = [nick ^ 1, nick ^ 2, 0, 1];
    partners.into_iter().map(self::nick).find(|partner| *partner < clients && *partner != nick)
}

/// All pairs of nicks that whisper, each once.
pub(crate) fn pairs(clients: u16) -> Vec<(u16, u16)> {
    let mut pairs: Vec<_> = (0..clients)
        .filter_map(|client| {
            let (one, other) = (nick(client), partner(client, clients)?);
            Some((one.min(other), one.max(other)))
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn room(number: u16) -> u8 {
    (number % ROOMS) as u8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_place_and_somebody_to_whisper_to() {
        for clients in [2, 3, 8, 9, 16, 33] {
            for client in 0..clients {
                let rooms = rooms(client);
                assert!(rooms.len() >= 2 && rooms[0] != rooms[1] && !rooms.contains(&0));
                assert!(rooms.iter().all(|room| all_rooms().any(|other| other == *room)));
                if role(client).0 == Role::Wanderer {
                    assert!(!rooms.contains(&visited(client)) && visited(client) != 0);
                }
                let partner = partner(client, clients).expect("somebody");
                assert!(partner != nick(client) && partner < clients && nick(partner) == partner);
                let pair = (nick(client).min(partner), nick(client).max(partner));
                assert!(pairs(clients).contains(&pair));
            }
        }
    }

    #[test]
    fn eight_are_enough_for_every_role_and_every_way() {
        let cast: Vec<_> = (0..8).map(role).collect();
        for role in [Role::Steady, Role::Slow, Role::Wanderer, Role::Restarter, Role::Second] {
            assert!(cast.iter().any(|(played, _)| *played == role), "{role:?}");
        }
        for way in [Way::Direct, Way::Faulty, Way::Narrow] {
            assert!(cast.iter().any(|(_, taken)| *taken == way), "{way:?}");
        }
    }
}
