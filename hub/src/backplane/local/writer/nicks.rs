//! Who owns a nick.

use rusqlite::{OptionalExtension, params};
use shared::room::LOBBY;

use super::Writer;
use crate::backplane::{Claim, Claimed, Outcome, OwnerId, Ticket};
use crate::secret;

impl Writer {
    pub(super) fn claim(&self, ticket: Ticket, claim: &Claim, head: u64, now: u64) -> rusqlite::Result<Outcome> {
        let likeness = claim.nick.likeness();
        let offered = claim.token.as_deref().map(secret::hash);
        let mut holders = Vec::new();
        for key in likeness.keys() {
            let holder = self
                .connection
                .prepare_cached(
                    "SELECT owner, nick, token, seen, freed.owner IS NOT NULL \
                     FROM likeness JOIN owners USING (owner) LEFT JOIN freed USING (owner) WHERE key = ?1",
                )?
                .query_row([key], |row| {
                    let (owner, nick, token) = (OwnerId(row.get(0)?), row.get(1)?, row.get(2)?);
                    Ok(Holder { owner, nick, token, seen: row.get(3)?, freed: row.get(4)? })
                })
                .optional()?;
            holders.extend(holder);
        }
        let proven = match offered {
            Some(hash) => holders.iter().find(|holder| secret::equal(&hash, &holder.token)),
            None => {
                let own = self.owner_of(&claim.session.secret)?;
                holders.iter().find(|holder| own == Some(holder.owner))
            }
        };
        if let Some(own) = proven {
            self.connection.prepare_cached("UPDATE owners SET seen = NULL WHERE owner = ?1")?.execute([own.owner.0])?;
            self.reserve(own.owner)?;
            let token = match &claim.token {
                Some(token) => token.clone(),
                None => {
                    let token = secret::fresh();
                    self.connection
                        .prepare_cached("UPDATE owners SET token = ?2 WHERE owner = ?1")?
                        .execute(params![own.owner.0, secret::hash(&token)])?;
                    token
                }
            };
            let claimed = Claimed {
                owner: own.owner,
                nick: own.nick.clone(),
                token,
                session: self.keep(own.owner, &claim.session, now)?,
                lobby: self.visit(own.owner, LOBBY, head)?,
                conversations: self.conversations(own.owner)?,
                former: Vec::new(),
            };
            return Ok(Outcome::Claimed { ticket, claimed });
        }
        let falls_free = |holder: &Holder| holder.seen.map_or(now, i64::cast_unsigned).saturating_add(self.nick_ttl);
        let held = |holder: &&Holder| !holder.freed && (holder.seen.is_none() || falls_free(holder) > now);
        let held = holders.iter().filter(held);
        if let Some(until) = held.map(falls_free).max() {
            return Ok(Outcome::Taken { ticket, until });
        }
        // A nick that changes hands takes nothing along: the former owner keeps the past, without the name.
        let mut former: Vec<OwnerId> = holders.iter().map(|holder| holder.owner).collect();
        former.dedup();
        for owner in &former {
            for forget in [
                "DELETE FROM likeness WHERE owner = ?1",
                "DELETE FROM sessions WHERE owner = ?1",
                "DELETE FROM positions WHERE owner = ?1",
                "DELETE FROM mentions WHERE owner = ?1",
                "DELETE FROM freed WHERE owner = ?1",
            ] {
                self.connection.prepare_cached(forget)?.execute([owner.0])?;
            }
        }
        let token = secret::fresh();
        let nick = claim.nick.as_str();
        self.connection
            .prepare_cached("INSERT INTO owners (nick, token, since) VALUES (?1, ?2, ?3)")?
            .execute(params![nick, secret::hash(&token), now.cast_signed()])?;
        let owner = OwnerId(self.connection.last_insert_rowid());
        for key in likeness.keys() {
            self.connection
                .prepare_cached("INSERT INTO likeness (key, owner) VALUES (?1, ?2)")?
                .execute(params![key, owner.0])?;
        }
        let claimed = Claimed {
            owner,
            nick: nick.to_owned(),
            token,
            session: self.keep(owner, &claim.session, now)?,
            lobby: self.visit(owner, LOBBY, head)?,
            conversations: Vec::new(),
            former,
        };
        Ok(Outcome::Claimed { ticket, claimed })
    }

    /// The nick is its owner's alone again, should it have been free for all.
    pub(super) fn reserve(&self, owner: OwnerId) -> rusqlite::Result<()> {
        self.connection.prepare_cached("DELETE FROM freed WHERE owner = ?1")?.execute([owner.0])?;
        Ok(())
    }

    pub(super) fn left(&self, owner: OwnerId, now: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE owners SET seen = ?1 WHERE owner = ?2")?
            .execute(params![now.cast_signed(), owner.0])?;
        Ok(())
    }
}

/// Who has a nick that is asked for, or one that looks like it.
struct Holder {
    owner: OwnerId,
    nick: String,
    token: Vec<u8>,
    seen: Option<i64>,
    /// Whoever asks may take it.
    freed: bool,
}
