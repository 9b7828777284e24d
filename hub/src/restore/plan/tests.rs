use std::collections::BTreeMap;

use super::*;

/// Names and what they hold, below a folder.
type Tree = BTreeMap<String, String>;

/// A data directory with something of each kind that may be there before, in the backup, or in both.
struct Made {
    folder: tempfile::TempDir,
    plan: Plan,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let unpacked = data.join("restoring-x1y2z3");
        for (path, content) in [
            (data.join("log"), "old log"),
            (data.join("index"), "old index"),
            (data.join("files/a"), "old file"),
            (data.join("other"), "nobody's"),
            (unpacked.join("log"), "new log"),
            (unpacked.join("files/b"), "new file"),
            (unpacked.join("cookie"), "new cookie"),
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let [out, into] = [(data, ["log", "index", "files"]), (&unpacked, ["log", "files", "cookie"])]
            .map(|(folder, names)| names.map(|name| folder.join(name)).to_vec());
        let manifest = Manifest::made_up();
        let plan = Plan::new(manifest, 1, &unpacked, &data.join("before"), &out, &into);
        Self { folder, plan }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    /// What of it was done before it was cut off.
    fn cut_off_after(steps: usize) -> Self {
        let made = Self::new();
        make_private(&made.plan.before(made.data()).unwrap(), made.data()).unwrap();
        made.plan.steps(made.data())[..steps].iter().for_each(|step| fs::rename(&step.from, &step.to).unwrap());
        made
    }

    fn tree(&self) -> Tree {
        let (mut folders, mut tree) = (vec![self.data().to_owned()], Tree::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.data()).unwrap().to_string_lossy().into_owned();
                    tree.insert(name, fs::read_to_string(path).unwrap());
                }
            }
        }
        tree
    }
}

fn done() -> Tree {
    let tree = [
        ("log", "new log"),
        ("files/b", "new file"),
        ("cookie", "new cookie"),
        ("other", "nobody's"),
        ("before/log", "old log"),
        ("before/index", "old index"),
        ("before/files/a", "old file"),
    ];
    tree.map(|(name, content)| (name.to_owned(), content.to_owned())).into()
}

fn steps() -> usize {
    Made::new().plan.steps(Path::new("")).len()
}

#[test]
fn wherever_it_is_cut_off_it_is_carried_out_to_the_same_end() {
    assert_eq!(steps(), 6);
    for cut in 0..=steps() {
        let made = Made::cut_off_after(cut);
        made.plan.carry_out(made.data()).unwrap();
        assert_eq!(made.tree(), done(), "cut off after {cut}");
        made.plan.carry_out(made.data()).unwrap(); // and once more
        assert_eq!(made.tree(), done(), "cut off after {cut}");
    }
}

#[test]
fn wherever_it_is_it_can_be_taken_back() {
    let before = Made::new().tree();
    for cut in 0..=steps() {
        let made = Made::cut_off_after(cut);
        made.plan.take_back(made.data()).unwrap();
        assert_eq!(made.tree(), before, "after {cut}");
        assert!(!made.plan.before(made.data()).unwrap().exists());
    }
}

#[test]
fn what_cannot_be_taken_back_can_go_on() {
    let made = Made::cut_off_after(6);
    fs::write(made.plan.unpacked(made.data()).join("files"), "in its way").unwrap();
    assert!(made.plan.take_back(made.data()).is_err());
    fs::remove_file(made.plan.unpacked(made.data()).join("files")).unwrap();
    made.plan.carry_out(made.data()).unwrap();
    assert_eq!(made.tree(), done());
}

#[test]
fn the_log_is_the_last_to_go_and_the_last_to_come() {
    let data = Path::new("/data");
    let names: Vec<_> = Made::new().plan.steps(data).into_iter().map(|step| (step.way, step.to)).collect();
    let out = ["files", "index", "log"].map(|name| (Way::Out, data.join("before").join(name)));
    let into = ["cookie", "files", "log"].map(|name| (Way::In, data.join(name)));
    assert!(names.into_iter().eq(out.into_iter().chain(into)));
}

#[test]
fn what_came_in_between_is_not_written_over() {
    let made = Made::cut_off_after(4);
    fs::write(made.data().join("log"), "of a program that knows of no restore").unwrap();
    let before = made.tree();
    let error = made.plan.carry_out(made.data()).unwrap_err();
    assert!(error.to_string().contains("log is in its way"), "{error}");
    assert_eq!(made.tree()["log"], before["log"]);
}

#[test]
fn what_is_gone_is_missed() {
    let made = Made::cut_off_after(3);
    fs::remove_dir_all(made.plan.unpacked(made.data())).unwrap();
    let error = made.plan.carry_out(made.data()).unwrap_err();
    assert!(error.to_string().contains("is not there any more"), "{error}");
}

#[test]
fn where_nothing_was_before_there_is_no_folder_for_it() {
    let made = Made::new();
    let [unpacked, log] = [made.plan.unpacked(made.data()), made.plan.unpacked(made.data()).join("log")];
    fs::remove_file(made.data().join("log")).unwrap();
    let manifest = Manifest::made_up();
    let plan = Plan::new(manifest, 0, &unpacked, &made.data().join("before"), &[], &[log]);
    plan.carry_out(made.data()).unwrap();
    assert!(!made.data().join("before").exists());
    assert_eq!(made.tree()["log"], "new log");
}

#[test]
fn a_name_that_leads_elsewhere_is_none() {
    let plan = Made::new().plan;
    assert!(plan.is_of_names());
    for name in ["../log", "/etc", "..", "", "a/b", "a/"] {
        assert!(!Plan { out: vec![name.to_owned()], ..plan.clone() }.is_of_names(), "{name}");
        assert!(!Plan { unpacked: name.to_owned(), ..plan.clone() }.is_of_names(), "{name}");
    }
}
