//! What goes with the next lines: files on their way to the hub, piece by piece, and the lines that wait for them.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use shared::message::FileRef;
use shared::session::Phase;
use shared::transcript::Place;
use shared::wire::MAX_FILES;
use web_sys::{Blob, File, Url, XmlHttpRequest};

use crate::files::Waiting;
use crate::node::Node;
use crate::page::Timeout;
use crate::state::*;
use crate::storage;
use crate::uploading::{Next, PIECE, fitting, next, pause};

/// Files attached in all places together: five lines full, more than anyone keeps in mind.
const MAX_ATTACHED: usize = 5 * MAX_FILES;

/// Tries in vain while there is a connection until the person is told: more than a minute, in which a connection that
/// is dead is noticed. The file may have been taken away, or be none.
const MAX_TRIES: u32 = 8;

/// Pictures that every browser shows, so that one can see what one attaches.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A file on its way to the hub.
pub(crate) struct Upload {
    /// No other has it.
    pub(crate) number: u32,
    pub(crate) place: Place,
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: u64,
    /// Where the browser finds the picture, if it is one.
    pub(crate) preview: Option<String>,
    pub(crate) stage: Watched<Stage>,
    blob: Blob,
    work: RefCell<Work>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// So many bytes have arrived.
    Sending(u64),
    /// So many have, and the hub cannot be reached.
    Cut(u64),
    Done(String),
    Refused(String),
}

#[derive(Default)]
struct Work {
    /// What the hub calls it.
    id: Option<String>,
    /// The question under way; answers to earlier ones are passed over.
    asked: u32,
    request: Option<XmlHttpRequest>,
    pause: Option<Timeout>,
    /// Tries in vain since bytes last arrived.
    tries: u32,
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(preview) = &self.preview {
            // Fails for nothing that was made here.
            let _ = Url::revoke_object_url(preview);
        }
    }
}

impl Upload {
    fn is_under_way(&self) -> bool {
        matches!(self.stage.get(), Stage::Sending(_) | Stage::Cut(_))
    }

    /// Nothing that was asked is waited for any more.
    fn hush(&self) {
        let (request, _pause) = {
            let mut work = self.work.borrow_mut();
            work.asked += 1;
            (work.request.take(), work.pause.take())
        };
        if let Some(request) = request {
            // Fails for none that was begun.
            let _ = request.abort();
        }
    }
}

impl Node {
    /// What goes with the next line at the place in view; followed.
    pub(crate) fn attached(self) -> Vec<Rc<Upload>> {
        self.attached_at(&self.here.get())
    }

    fn attached_at(self, place: &Place) -> Vec<Rc<Upload>> {
        self.files.attached.with(|all| all.iter().filter(|upload| upload.place == *place).cloned().collect())
    }

    /// Has these files go with the next line at a place, and begins to send them.
    pub(crate) fn attach(self, place: &Place, files: Vec<File>) {
        self.hold_back_at(place);
        let mut room = MAX_FILES.saturating_sub(self.attached_at(place).len());
        room = room.min(MAX_ATTACHED.saturating_sub(self.files.attached.with_untracked(Vec::len)));
        for file in files {
            if room == 0 {
                return self.complain("A line takes 10 files. Send these first, and then the others.".to_owned());
            }
            room -= 1;
            let preview = PICTURES.contains(&&*file.type_()).then(|| Url::create_object_url_with_blob(&file).ok());
            let upload = Rc::new(Upload {
                number: self.files.attached.with_untracked(|all| all.last().map_or(0, |last| last.number + 1)),
                place: place.clone(),
                name: fitting(&file.name()),
                size: file.size() as u64,
                preview: preview.flatten(),
                stage: Watched::new(Stage::Sending(0)),
                blob: file.into(),
                work: RefCell::default(),
            });
            self.files.attached.update(|all| all.push(Rc::clone(&upload)));
            self.ask_how_far(&upload);
        }
    }

    /// It goes with nothing.
    pub(crate) fn detach(self, upload: &Rc<Upload>) {
        self.hold_back();
        upload.hush();
        let id = upload.work.borrow_mut().id.take();
        if let Some(id) = id.filter(|_| upload.is_under_way()) {
            self.ask_files("DELETE", &["/files/uploads/", &id].concat(), None, true, Box::new(|_, _| ()));
        }
        self.files.attached.update(|all| all.retain(|other| !Rc::ptr_eq(other, upload)));
    }

    /// What another visit left is nobody's.
    pub(crate) fn detach_all(self) {
        for upload in self.files.attached.with_untracked(Vec::clone) {
            self.detach(&upload);
        }
    }

    /// The connection is there again: what was cut goes on.
    pub(crate) fn uploads_go_on(self) {
        for upload in self.files.attached.with_untracked(Vec::clone) {
            if upload.is_under_way() {
                upload.work.borrow_mut().tries = 0;
                self.ask_how_far(&upload);
            }
        }
    }

    /// Says it at the place in view, with what is attached there, as soon as that has arrived. False where it stays in the
    /// field.
    pub(crate) fn say_with_files(self, text: &str) -> bool {
        let here = self.here.get_untracked();
        let attached = self.attached_at(&here);
        if attached.iter().any(|upload| matches!(upload.stage.get(), Stage::Refused(_))) {
            self.complain("Remove the file that could not be sent, and send the line then.".to_owned());
            return false;
        }
        let reply_to = self.answered_by_next(&here);
        let line = Waiting { place: here, text: text.to_owned(), reply_to };
        if attached.iter().any(|upload| upload.is_under_way()) {
            self.files.waiting.update(|all| {
                all.retain(|other| other.place != line.place);
                all.push(line);
            });
            return false;
        }
        self.say_attached(&line)
    }

    /// Says it with what is attached there, all of which has arrived.
    fn say_attached(self, line: &Waiting) -> bool {
        let Waiting { place, text, reply_to } = line;
        let attached = self.attached_at(place);
        let file = |upload: &Rc<Upload>| match upload.stage.get() {
            Stage::Done(hash) => Some(FileRef { hash, name: upload.name.clone() }),
            _ => None,
        };
        let said = self.say_in_answer(place, text, *reply_to, attached.iter().filter_map(file).collect());
        if said {
            self.files.attached.update(|all| all.retain(|upload| upload.place != *place));
        }
        said
    }

    /// Whether a line at the place in view waits for what goes with it; followed.
    pub(crate) fn waits_for_files(self) -> bool {
        let here = self.here.get();
        self.files.waiting.with(|all| all.iter().any(|line| line.place == here))
    }

    /// An upload has come to its end.
    fn upload_ended(self, upload: &Upload) {
        let place = &upload.place;
        let attached = self.attached_at(place);
        if matches!(upload.stage.get(), Stage::Refused(_)) {
            // The text stays where it is.
            self.hold_back_at(place);
        } else if !attached.iter().any(|upload| upload.is_under_way())
            && let Some(line) = self.hold_back_at(place)
            && self.say_attached(&line)
        {
            storage::keep_draft(place, "");
            self.files.gone.set(Some(place.clone()));
        }
    }

    /// Asks the hub how far an upload is, or begins it.
    fn ask_how_far(self, upload: &Rc<Upload>) {
        let id = upload.work.borrow().id.clone();
        match id {
            Some(id) => self.ask_about(upload, "GET", &["/files/uploads/", &id].concat(), None),
            None => self.ask_about(upload, "POST", &["/files?size=", &upload.size.to_string()].concat(), None),
        }
    }

    fn ask_about(self, upload: &Rc<Upload>, method: &str, address: &str, piece: Option<&(u64, Blob)>) {
        upload.hush();
        let asked = upload.work.borrow().asked;
        let answered = {
            let upload = Rc::clone(upload);
            move |status: u16, text: &str| {
                if upload.work.borrow().asked == asked {
                    self.upload_answered(&upload, status, text);
                }
            }
        };
        let request = self.ask_files(method, address, piece, true, Box::new(answered));
        upload.work.borrow_mut().request = request;
    }

    fn upload_answered(self, upload: &Rc<Upload>, status: u16, text: &str) {
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(id) = answer.get("upload").and_then(Value::as_str) {
            upload.work.borrow_mut().id = Some(id.to_owned());
        }
        match next(status, &answer) {
            Next::Send { from } => {
                let moves =
                    matches!(upload.stage.get(), Stage::Sending(arrived) | Stage::Cut(arrived) if from > arrived);
                let id = {
                    let mut work = upload.work.borrow_mut();
                    if moves {
                        work.tries = 0;
                    }
                    work.id.clone().unwrap_or_default()
                };
                upload.stage.set(Stage::Sending(from));
                let end = (from + PIECE).min(upload.size);
                // Fails for no part of a file.
                if let Ok(piece) = upload.blob.slice_with_f64_and_f64(from as f64, end as f64) {
                    self.ask_about(upload, "PATCH", &["/files/uploads/", &id].concat(), Some(&(from, piece)));
                }
            }
            Next::Done { hash } => {
                upload.stage.set(Stage::Done(hash));
                self.upload_ended(upload);
            }
            Next::Refused(words) => self.refuse(upload, words),
            Next::Later(words) => self.ask_later(upload, words),
            Next::Anew => {
                upload.work.borrow_mut().id = None;
                self.ask_later(upload, String::new());
            }
        }
    }

    fn refuse(self, upload: &Rc<Upload>, words: String) {
        let words = if words.is_empty() { "This file cannot be read, or not be sent.".to_owned() } else { words };
        upload.stage.set(Stage::Refused(words));
        self.upload_ended(upload);
    }

    fn ask_later(self, upload: &Rc<Upload>, words: String) {
        let tries = upload.work.borrow().tries;
        // Without a connection it is not the file's fault.
        if tries >= MAX_TRIES && self.phase.get_untracked() == Phase::Online {
            return self.refuse(upload, words);
        }
        if let Stage::Sending(arrived) = upload.stage.get() {
            upload.stage.set(Stage::Cut(arrived));
        }
        let again = {
            let upload = Rc::clone(upload);
            move || self.ask_how_far(&upload)
        };
        let mut work = upload.work.borrow_mut();
        work.tries = tries + 1;
        work.pause = Some(Timeout::new(pause(tries), again));
    }
}
