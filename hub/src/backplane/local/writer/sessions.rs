//! Sessions: what a node has back when it comes back.

use rusqlite::{OptionalExtension, params};
use shared::room::LOBBY;

use super::Writer;
use crate::backplane::local::schema;
use crate::backplane::{OwnerId, SecretHash, Session, SessionDraft, SessionId, Standing};

/// Sessions kept of one owner: more than anyone has tabs that may still come back. Beyond it those
/// that have been away the longest are forgotten; one that is present never is.
const MAX_SESSIONS: u32 = 100;

impl Writer {
    /// Keeps a session with an owner's nick and the lobby, and with its other rooms if the nick was its own before.
    pub(super) fn keep(&self, owner: OwnerId, draft: &SessionDraft, now: u64) -> rusqlite::Result<SessionId> {
        let known = self
            .connection
            .prepare_cached("SELECT session, owner FROM sessions WHERE secret = ?1")?
            .query_row([draft.secret], |row| Ok((row.get::<_, i64>(0)?, OwnerId(row.get(1)?))))
            .optional()?;
        let session = match known {
            Some((session, before)) => {
                if before != owner {
                    self.connection
                        .prepare_cached("DELETE FROM session_rooms WHERE session = ?1")?
                        .execute([session])?;
                }
                self.connection
                    .prepare_cached(
                        "UPDATE sessions SET owner = ?2, node = ?3, kind = ?4, seen = NULL WHERE session = ?1",
                    )?
                    .execute(params![session, owner.0, draft.node, draft.kind])?;
                session
            }
            None => {
                self.connection
                    .prepare_cached(
                        "INSERT INTO sessions (secret, owner, node, kind, since) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![draft.secret, owner.0, draft.node, draft.kind, now.cast_signed()])?;
                self.connection.last_insert_rowid()
            }
        };
        self.put(session, LOBBY, LOBBY)?;
        self.connection
            .prepare_cached(
                "DELETE FROM sessions WHERE session IN ( \
                     SELECT session FROM sessions WHERE owner = ?1 AND seen IS NOT NULL ORDER BY seen \
                     LIMIT max(0, (SELECT count(*) FROM sessions WHERE owner = ?1) - ?2))",
            )?
            .execute(params![owner.0, MAX_SESSIONS])?;
        Ok(SessionId(session))
    }

    /// Whose session a secret is of.
    pub(super) fn owner_of(&self, secret: &SecretHash) -> rusqlite::Result<Option<OwnerId>> {
        self.connection
            .prepare_cached("SELECT owner FROM sessions WHERE secret = ?1")?
            .query_row([secret], |row| row.get(0).map(OwnerId))
            .optional()
    }

    /// The session of a secret, which is present from now on, as is its owner.
    pub(super) fn resume(&self, secret: &SecretHash) -> rusqlite::Result<Option<Session>> {
        let kept = self
            .connection
            .prepare_cached(&format!(
                "SELECT {} FROM sessions JOIN owners USING (owner) WHERE secret = ?1",
                schema::SESSION
            ))?
            .query_row([secret], schema::session)
            .optional()?;
        let Some(mut session) = kept else { return Ok(None) };
        session.rooms = self
            .connection
            .prepare_cached("SELECT name FROM session_rooms WHERE session = ?1 ORDER BY key")?
            .query_map([session.id.0], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.connection
            .prepare_cached("UPDATE sessions SET seen = NULL WHERE session = ?1 AND seen IS NOT NULL")?
            .execute([session.id.0])?;
        self.connection
            .prepare_cached("UPDATE owners SET seen = NULL WHERE owner = ?1 AND seen IS NOT NULL")?
            .execute([session.owner.0])?;
        self.reserve(session.owner)?;
        Ok(Some(session))
    }

    /// None if the session is not kept.
    pub(super) fn enter(
        &self,
        session: SessionId,
        key: &str,
        name: &str,
        head: u64,
    ) -> rusqlite::Result<Option<Standing>> {
        let owner = self
            .connection
            .prepare_cached("SELECT owner FROM sessions WHERE session = ?1")?
            .query_row([session.0], |row| Ok(OwnerId(row.get(0)?)))
            .optional()?;
        let Some(owner) = owner else {
            tracing::error!(session = session.0, "a session that is not kept was to enter a room");
            return Ok(None);
        };
        self.put(session.0, key, name)?;
        self.visit(owner, key, head).map(Some)
    }

    /// Whether it was in that room.
    pub(super) fn leave(&self, session: SessionId, key: &str) -> rusqlite::Result<bool> {
        let left = self
            .connection
            .prepare_cached("DELETE FROM session_rooms WHERE session = ?1 AND key = ?2")?
            .execute(params![session.0, key])?;
        Ok(left > 0)
    }

    /// Whether it was kept.
    pub(super) fn release(&self, session: SessionId) -> rusqlite::Result<bool> {
        let released =
            self.connection.prepare_cached("DELETE FROM sessions WHERE session = ?1")?.execute([session.0])?;
        Ok(released > 0)
    }

    pub(super) fn depart(&self, session: SessionId, now: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE sessions SET seen = ?2 WHERE session = ?1")?
            .execute(params![session.0, now.cast_signed()])?;
        Ok(())
    }

    fn put(&self, session: i64, key: &str, name: &str) -> rusqlite::Result<()> {
        // A room that has ended and begun again may be spelled otherwise.
        self.connection
            .prepare_cached(
                "INSERT INTO session_rooms (session, key, name) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (session, key) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
            )?
            .execute(params![session, key, name])?;
        Ok(())
    }
}
