//! What processes ask of this tab: the store, the chat, and its person's leave to run here.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use shared::map_server::{self, Asked, MAX_LOOKED};
use shared::message::{ErrorCode, Refusal, ToHub};
use shared::process::step::{CallRef, Letter, Look, Spawn};
use shared::process::table::Wish;
use shared::process::{Fault, Origin, Pid};
use shared::session::Response;
use shared::transcript::Place;
use shared::wire;

use super::consent::{Decided, Decision};
use super::host::{Answer, Host, Question};
use crate::console::output::Voice;
use crate::{clock, storage};

/// Questions that wait for the person behind the one that is asked: more is a storm.
const MAX_QUESTIONS: usize = 6;

/// Calls that wait until the whole store is here.
const MAX_EARLY: usize = 256;

/// What waits until the whole store is here: at most [`MAX_EARLY`] calls, and a look of each process.
pub(super) enum Early {
    Call(Box<Letter>),
    Look { pid: Pid, look: Look },
}

/// For whom a request to the hub was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// The list of nodes.
    Nodes,
    /// The person, who sees what comes of it, and is told what does not.
    Person,
    /// The table, by its number.
    Process(u64),
    /// A call to this node's `map_server`.
    Caller(CallRef),
}

impl Host {
    /// A step looks at what lies ready here, or is about to.
    pub(super) fn look(&self, pid: Pid, look: Look) {
        let of_store = matches!(look, Look::Get { .. } | Look::List { .. });
        if of_store && !self.core.borrow().whole.is_here() {
            self.looks_no_more(pid);
            return self.core.borrow_mut().early.push(Early::Look { pid, look });
        }
        let found = self.looked_for(&look);
        self.core.borrow_mut().table.looked(clock::now(), pid, found);
    }

    /// That process is no more, or looks for something else.
    pub(super) fn looks_no_more(&self, pid: Pid) {
        let early = &mut self.core.borrow_mut().early;
        early.retain(|early| !matches!(early, Early::Look { pid: of, .. } if *of == pid));
    }

    fn looked_for(&self, look: &Look) -> Value {
        match look {
            Look::Get { key } => map_server::get(&self.core.borrow().store, key),
            Look::List { prefix } => map_server::pairs(&self.core.borrow().store, prefix, MAX_LOOKED),
            Look::Nodes => {
                let mut names: Vec<Value> = self
                    .console
                    .look(|facts| facts.all().iter().map(|fact| Value::from(fact.info.node.as_str())).collect());
                if names.is_empty() {
                    // The list is on its way.
                    names = vec![self.hub().into(), self.name().into()];
                }
                Value::Array(names)
            }
            // The table's own.
            Look::Whereis { .. } => Value::Null,
        }
    }

    /// A message to the hub's message server, as a request of this node's own.
    pub(super) fn request(&'static self, number: u64, request: &Value) {
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let optional = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
        let made = |id: String| {
            Some(match text("type").as_str() {
                "say" => Place::Room(text("room")).say(id, text("text")),
                "private_message" => Place::With(text("to")).say(id, text("text")),
                "join" => ToHub::Join { id, room: text("room") },
                "leave" => ToHub::Leave { id, room: text("room") },
                "topic" => ToHub::Topic { id, room: text("room"), topic: text("topic") },
                "who" => ToHub::Who { id, nick: text("nick") },
                "list_users" => ToHub::ListUsers { id, room: optional("room") },
                "list_rooms" => ToHub::ListRooms { id },
                "list_nodes" => ToHub::ListNodes { id, follow: None },
                "ping" => ToHub::Ping { id, node: text("node") },
                _ => return None,
            })
        };
        if made(String::new()).is_none() {
            let words = "From a tab the message server takes `say`, `private_message`, `join`, `leave`, `topic`, `who`, \
                         `list_users`, `list_rooms`, `list_nodes` and `ping`.";
            return self.answer_process(number, Err(Fault::new(ErrorCode::BadMessage, words)));
        }
        self.ask_hub(For::Process(number), |id| {
            // It was looked at above.
            made(id).unwrap_or(ToHub::ListRooms { id: String::new() })
        });
    }

    /// A put or removal of a process.
    pub(super) fn wish(&'static self, number: u64, wish: Wish) {
        self.ask_hub(For::Process(number), |id| map_server::request(wish, id));
    }

    pub(super) fn ask_hub(&'static self, purpose: For, request: impl FnOnce(String) -> ToHub) {
        let asked = self.node.with_core(|core| core.session.ask(clock::now(), request));
        match asked {
            Ok(id) => {
                self.core.borrow_mut().requests.push((id, purpose));
                self.node.session(|_, _| ());
            }
            Err(refusal) => self.hub_said(purpose, Err(refused(refusal))),
        }
    }

    /// The hub has answered what was asked for somebody.
    pub(super) fn hub_answered(&'static self, purpose: For, request: &ToHub, answer: Result<Response, Refusal>) {
        if request.makes_entry() {
            request.id().map(storage::forget_line);
        }
        let is_put = matches!(request, ToHub::Put { .. } | ToHub::Remove { .. });
        let value = answer.map_err(refused).map(|response| match &response {
            Response::Sent(sent) if is_put => Value::from(sent.seq),
            Response::Sent(sent) => tree(&wire::encode(sent)),
            Response::Users(users) => tree(&wire::encode(users)),
            Response::Rooms(rooms) => tree(&wire::encode(rooms)),
            Response::Nodes(nodes) => tree(&wire::encode(nodes)),
            Response::Person(person) => tree(&wire::encode(person)),
            Response::Pinged(pinged) => tree(&wire::encode(pinged)),
            _ => json!({}),
        });
        self.hub_said(purpose, value);
    }

    fn hub_said(&'static self, purpose: For, value: Result<Value, Fault>) {
        match purpose {
            // Asked again with the next connection.
            For::Nodes => self.core.borrow_mut().follows = value.is_ok(),
            For::Person => {
                if let Err(fault) = value {
                    self.console.say(Voice::Fault, None, &fault.message);
                }
            }
            For::Process(number) => self.answer_process(number, value),
            For::Caller(call) => {
                let value = value.map(|seq| map_server::version(seq.as_u64().unwrap_or_default()));
                self.table(|table, now| table.answer(now, call, value));
            }
        }
    }

    fn answer_process(&'static self, number: u64, value: Result<Value, Fault>) {
        self.table(|table, now| table.answered(now, number, value));
    }

    /// A put that an earlier visit left behind was answered.
    pub(super) fn put_of_before(&self, request: &ToHub, refusal: Option<Refusal>) {
        request.id().map(storage::forget_line);
        let (ToHub::Put { key, .. } | ToHub::Remove { key, .. }) = request else { return };
        if let Some(refusal) = refusal {
            let words = ["What waited to be put as “", key, "” was not: ", &refusal.message].concat();
            self.console.say(Voice::Fault, None, &words);
        }
    }

    /// A message for `map_server`.
    pub(super) fn asked_of_store(&'static self, letter: Letter) {
        // A cast has nobody to be answered, and changes nothing.
        let Some(call) = letter.call else { return };
        if !self.core.borrow().whole.is_here() {
            let core = &mut *self.core.borrow_mut();
            if core.early.iter().filter(|early| matches!(early, Early::Call(_))).count() < MAX_EARLY {
                core.early.push(Early::Call(Box::new(letter)));
            } else {
                core.table.answer(clock::now(), call, Err(too_many()));
            }
            return;
        }
        let (asked, is_mine) = {
            let core = self.core.borrow();
            let mine = self.node.processes.owner.get_untracked();
            // Not by the node: what a guest has running here is none of its person's.
            let is_mine = letter.owner.is_some() && letter.owner == mine;
            (map_server::asked(&core.store, &letter.message), is_mine)
        };
        let answer = match asked {
            Asked::Answer(answer) => answer,
            Asked::Wait { key, version } => {
                let core = &mut *self.core.borrow_mut();
                if map_server::has(&core.store, &key, version) {
                    Ok(map_server::version(version))
                } else {
                    match core.waiting.push(clock::now(), &letter.from.node, call, key, version) {
                        Ok(()) => return,
                        Err(busy) => Err(busy),
                    }
                }
            }
            Asked::Change(_) if !is_mine => Err(map_server::not_allowed()),
            Asked::Change(change) => return self.ask_hub(For::Caller(call), |id| map_server::request(change, id)),
        };
        self.core.borrow_mut().table.answer(clock::now(), call, answer);
    }

    /// The copy has changed: whoever waited for that is answered, where it may be read. Of a part it cannot be told how
    /// far it has got.
    pub(super) fn waits_over(&'static self) {
        let early = {
            let core = &mut *self.core.borrow_mut();
            if !core.whole.is_here() {
                return;
            }
            for (call, version) in core.waiting.take(&core.store) {
                core.table.answer(clock::now(), call, Ok(map_server::version(version)));
            }
            std::mem::take(&mut core.early)
        };
        for early in early {
            match early {
                Early::Call(letter) => self.asked_of_store(*letter),
                Early::Look { pid, look } => self.look(pid, look),
            }
        }
    }

    /// Somebody elsewhere wants to run a program here.
    pub(super) fn consent_wanted(&'static self, ask: u64, who: Origin, own: bool, spawn: Spawn) {
        let Origin { node, nick, owner } = who;
        let decided = self.decisions.with_untracked(|decisions| decisions.about(&self.epoch(), owner));
        // A node's name is of its own choice, and must not pass for a nick.
        let asks = nick.clone().unwrap_or_else(|| ["A node without a nick, ", &node.to_string(), ","].concat());
        let waiting = self.questions.with_untracked(Vec::len);
        // Such a one cannot be refused for good.
        let again = owner.is_none() && self.questions.with_untracked(|all| all.iter().any(|known| known.who == asks));
        let given = match decided {
            _ if own => Ok(()),
            Some(Decision::Always) => Ok(()),
            Some(Decision::Never) => Err(declined()),
            None if again || waiting >= MAX_QUESTIONS => {
                let words = "Too many questions already wait for the person there.";
                Err(Fault::new(ErrorCode::Busy, words))
            }
            None => {
                let question = Question {
                    number: ask,
                    who: asks,
                    nick: nick.filter(|_| owner.is_some()),
                    owner,
                    program: spawn.program,
                    source: Arc::clone(&spawn.source),
                    args: wire::encode(&Value::Array(spawn.args)),
                };
                self.questions.update(|questions| questions.push(Rc::new(question)));
                return;
            }
        };
        self.core.borrow_mut().table.consent(clock::now(), ask, given);
    }

    /// It is of no use any more.
    pub(super) fn withdrawn(&self, ask: u64) {
        self.questions.update(|questions| questions.retain(|question| question.number != ask));
    }

    /// What the person says to a question, and to others of the same owner that wait.
    pub(crate) fn answer(&'static self, number: u64, answer: Answer) {
        let asked = self.questions.get_untracked();
        let Some(question) = asked.iter().find(|question| question.number == number) else { return };
        let lasting = match answer {
            Answer::Always => Some(Decision::Always),
            Answer::Never => Some(Decision::Never),
            Answer::Once | Answer::No => None,
        };
        if let (Some(decision), Some(nick), Some(owner)) = (lasting, question.nick.clone(), question.owner) {
            let decided = Decided { epoch: self.epoch(), owner, nick, decision };
            self.decide(|decisions| decisions.decide(decided));
        }
        let settles = |other: &Question| {
            other.number == number || lasting.is_some() && other.owner.is_some() && other.owner == question.owner
        };
        self.questions.update(|questions| questions.retain(|other| !settles(other)));
        for settled in asked.iter().filter(|other| settles(other)) {
            let given = match answer {
                Answer::Once | Answer::Always => Ok(()),
                Answer::No | Answer::Never => Err(declined()),
            };
            self.table(|table, now| table.consent(now, settled.number, given));
        }
    }

    /// Asks about that owner again.
    pub(crate) fn take_back(&self, decided: &Decided) {
        self.decide(|decisions| decisions.take_back(&decided.epoch, decided.owner));
    }

    fn decide(&self, change: impl FnOnce(&mut super::consent::Decisions)) {
        self.decisions.update(change);
        storage::keep_consent(&self.decisions.with_untracked(super::consent::Decisions::written));
    }

    /// Which log the hub has; empty before the first welcome.
    pub(super) fn epoch(&self) -> String {
        self.node
            .welcome
            .with_untracked(|welcome| welcome.as_ref().map(|welcome| welcome.epoch.clone()))
            .unwrap_or_default()
    }
}

fn refused(refusal: Refusal) -> Fault {
    Fault::new(refusal.code, refusal.message)
}

fn too_many() -> Fault {
    Fault::new(ErrorCode::Busy, "Too many wait for the store here. Try again in a moment.")
}

fn declined() -> Fault {
    Fault::new(ErrorCode::Declined, "The person there said no.")
}

fn tree(json: &str) -> Value {
    // It was written a moment ago.
    serde_json::from_str(json).unwrap_or_default()
}
