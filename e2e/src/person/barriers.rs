//! What bars people from a page: who cannot see well, or point well, or whose window is small (WCAG 2.2, level AA).

use std::fmt::{self, Display};
use std::fs;

use serde::Deserialize;
use serde_json::json;

use super::Person;
use crate::browser::{PHONE, Scheme, WIDE};
use crate::programs;

/// The rules that axe-core looks by, as it names them.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// In CSS pixels, the narrowest window that has to do (criterion 1.4.10); as high as one that is zoomed to 400 %.
const NARROW: (u32, u32) = (320, 256);

/// How much larger the browser's own zoom makes a page that must still be of use (criterion 1.4.4).
const ZOOM: u32 = 2;

/// The least width and height of what is pointed at, in CSS pixels (criterion 2.5.8).
const TARGET: f64 = 24.0;

/// Looks for barriers. What axe cannot decide counts as well, but for the contrast where one thing lies over another, as a
/// notice does. And the rule between names and text, a gradient a pixel wide, is behind all that was said, and axe reads
/// no contrast over a gradient: so it is taken away meanwhile. Nor does it see what lies behind the words in a drawing that
/// is one picture to a screen reader: what such a picture tells, something beside it tells as well.
const LOOK: &str = "
    const plain = new CSSStyleSheet();
    plain.replaceSync('.lines, .join { background-image: none !important }');
    document.adoptedStyleSheets.push(plain);
    const wanted = {
        runOnly: { type: 'tag', values: arguments[0] },
        rules: { 'target-size': { enabled: true } },
        // A figure is text as well.
        checks: { 'color-contrast': { options: { ignoreLength: true } } },
    };
    return axe.run(document, wanted).then(found => {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter(sheet => sheet !== plain);
        const overlaps = ['bgOverlap', 'elmPartiallyObscured', 'elmPartiallyObscuring'];
        const drawn = ({ target }) => document.querySelector(target.at(-1))?.closest('svg[role=img]');
        const covered = node => node.any.some(check => overlaps.includes(check.data?.messageKey)
            || check.data?.messageKey === 'imgNode' && drawn(node));
        const barriers = [...found.violations, ...found.incomplete].flatMap(({ id, help, nodes }) =>
            nodes.filter(node => !covered(node)).map(({ target, html, failureSummary, any, all, none }) => ({
                rule: id, help, place: target.join(' '), html,
                why: failureSummary || [...any, ...all, ...none].map(check => check.message).join(' '),
            })));
        return { barriers, passed: found.passes.length };
    });";

/// Everything in sight that is pointed at and is too small, as `name, width × height`. Not a link in a text, which is as
/// high as its line (criterion 2.5.8 leaves it out), nor what cannot be seen at all: its label, or a button, is pointed
/// at instead.
const SMALL: &str = "
    const least = arguments[0];
    const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link],'
        + '[role=menuitem], [role=option], [role=tab], [role=checkbox], [role=radio], [role=switch], [role=slider]';
    const size = part => {
        const boxes = [part, ...part.labels ?? []].map(one => one.getBoundingClientRect());
        return [Math.max(...boxes.map(box => box.width)), Math.max(...boxes.map(box => box.height))];
    };
    const in_text = part => part.matches('a') && getComputedStyle(part).display === 'inline';
    return [...document.querySelectorAll(controls)]
        .filter(part => part.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }))
        .filter(part => !in_text(part))
        .map(part => [part, ...size(part)])
        .filter(([part, width, height]) => !part.closest('.unseen') && (width < least || height < least))
        .map(([part, width, height]) =>
            `${part.ariaLabel || part.textContent || part.id || part.tagName}, ${width} × ${height}`);";

/// What sticks out of the window to the side: whatever can be scrolled there, and each line and control that is
/// not whole.
const STICKS_OUT: &str = "
    const out = [];
    const name = part => `${part.tagName}.${part.className} “${(part.textContent || '').slice(0, 40)}”`;
    for (const part of document.querySelectorAll('*')) {
        if (part.checkVisibility && !part.checkVisibility({ visibilityProperty: true })) continue;
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(part).overflowX) || part === document.documentElement;
        if (scrolls && part.scrollWidth > part.clientWidth) out.push(`${name(part)} can be scrolled sideways`);
    }
    for (const part of document.querySelectorAll('main [data-seq], main textarea, main button, main input, dialog[open] *')) {
        const box = part.getBoundingClientRect();
        if (box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5)) out.push(`${name(part)} is cut off`);
    }
    return out;";

/// Spaces the text out as far as people may (criterion 1.4.12), or as it was.
const SPACE: &str = "
    if (!arguments[0]) {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter(sheet => sheet !== window.spaced);
        return;
    }
    window.spaced = new CSSStyleSheet();
    window.spaced.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets.push(window.spaced);";

/// Each text that is not whole because something round it cuts it off and cannot be scrolled. (One whose whole is in a
/// tooltip, and one that is meant for ears alone, loses nothing.) It looks at a page that stands still: what moves to its
/// place in a window of another size may be cut off on the way.
const CUT_OFF: &str = "
    const frame = () => new Promise(requestAnimationFrame);
    const stands = async () => {
        await frame();
        await frame();
        const ends = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity);
        await Promise.allSettled(ends.map(one => one.finished));
    };
    const look = () => {
        const cut = new Set();
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const text = walk.currentNode, words = text.data.trim(), parent = text.parentElement;
            if (words === '' || !parent.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue;
            if (parent.closest('[title], .unseen, noscript, textarea')) continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            const box = range.getBoundingClientRect();
            if (box.width === 0) continue;
            let [across, down] = [true, true];
            for (let round = parent; round && (across || down); round = round.parentElement) {
                const { overflowX, overflowY, position, display } = getComputedStyle(round);
                if (display === 'inline') continue;
                const edge = round.getBoundingClientRect();
                const scrolls = way => ['auto', 'scroll'].includes(way), cuts = way => ['hidden', 'clip'].includes(way);
                if (scrolls(overflowX)) across = false;
                if (scrolls(overflowY)) down = false;
                const out = across && cuts(overflowX) && (box.left < edge.left - 1 || box.right > edge.right + 1)
                    || down && cuts(overflowY) && (box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
                if (out) cut.add(`${parent.tagName}.${parent.className} “${words.slice(0, 60)}” in ${round.tagName}.${round.className}`);
                if (position === 'fixed') break;
            }
        }
        return [...cut];
    };
    return stands().then(look);";

/// What axe-core found.
#[derive(Debug, Deserialize)]
struct Found {
    barriers: Vec<Barrier>,
    /// How many rules had something to look at, and found nothing wrong with it.
    passed: usize,
}

/// Something that bars somebody, or may.
#[derive(Debug, Deserialize)]
struct Barrier {
    rule: String,
    help: String,
    /// Where it is, as a selector.
    place: String,
    html: String,
    why: String,
}

impl Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, help, place, html, why } = self;
        let why = why.replace('\n', "\n      ");
        write!(f, "  {rule}: {help}\n    at {place}\n    {html}\n      {why}")
    }
}

impl Person {
    /// Nothing on this screen bars anyone, as it is shown at this moment: axe-core reports nothing, and what is
    /// pointed at is large enough.
    ///
    /// # Panics
    /// With each barrier there is.
    pub async fn meets_no_barrier(&self, screen: &str) {
        let barriers = self.barriers().await;
        assert!(barriers.is_empty(), "{screen}: {} barriers\n{}", barriers.len(), barriers.join("\n"));
        self.can_point_at_everything(screen).await;
    }

    /// What axe-core reports of the page as it is shown at this moment, each with its rule, its place and the reason.
    ///
    /// # Panics
    /// If it found nothing to look at.
    pub async fn barriers(&self) -> Vec<String> {
        self.browser.rests().await;
        if self.browser.eval("return !window.axe", Vec::new()).await {
            let axe = fs::read_to_string(programs::axe()).expect("axe-core can be read");
            self.browser.eval::<()>(&axe, Vec::new()).await;
        }
        let Found { barriers, passed } = self.browser.eval(LOOK, vec![json!(RULES)]).await;
        assert!(passed > 0, "axe-core had something to look at");
        barriers.iter().map(Barrier::to_string).collect()
    }

    /// The same in a wide window and on a telephone, light and dark. The window is wide and light afterwards.
    ///
    /// # Panics
    /// As [`Self::meets_no_barrier`].
    pub async fn meets_no_barrier_anywhere(&self, screen: &str) {
        for (window, size) in [("on a telephone", PHONE), ("wide", WIDE)] {
            self.browser.resize(size).await;
            self.meets_no_barrier_in_any_light(&format!("{screen} {window}")).await;
        }
    }

    /// The same light and dark in the window as it is.
    ///
    /// # Panics
    /// As [`Self::meets_no_barrier`].
    pub async fn meets_no_barrier_in_any_light(&self, screen: &str) {
        for (colours, scheme) in [("dark", Scheme::Dark), ("light", Scheme::Light)] {
            self.browser.prefer(scheme).await;
            self.meets_no_barrier(&format!("{screen}, {colours}")).await;
        }
    }

    /// All that is pointed at on this screen is large enough for a finger that shakes.
    ///
    /// # Panics
    /// With what is too small.
    pub async fn can_point_at_everything(&self, screen: &str) {
        let small = self.small_targets().await;
        assert!(small.is_empty(), "{screen}: smaller than {TARGET} × {TARGET}: {small:#?}");
    }

    /// What is pointed at on the page and is too small for that, with its size.
    pub async fn small_targets(&self) -> Vec<String> {
        self.browser.eval(SMALL, vec![json!(TARGET)]).await
    }

    /// Nothing on this screen sticks out to the side.
    ///
    /// # Panics
    /// With what does.
    pub async fn sees_all_of(&self, screen: &str) {
        let out: Vec<String> = self.browser.eval(STICKS_OUT, Vec::new()).await;
        assert!(out.is_empty(), "{screen}: {out:#?}");
    }

    /// This screen can be made larger: nothing sticks out to the side at 200 %, nor in the narrowest window that people
    /// have, and none of its text is lost where it is spaced out. The window is wide afterwards.
    ///
    /// # Panics
    /// With what does, or is.
    pub async fn can_make_it_larger(&self, screen: &str) {
        for size in [WIDE, PHONE] {
            self.browser.resize(size).await;
            self.can_space_text_out(screen).await;
        }
        self.browser.zoom(WIDE, ZOOM).await;
        self.sees_all_of(&format!("{screen} at {} %", ZOOM * 100)).await;
        self.can_space_text_out(screen).await;
        self.browser.resize(NARROW).await;
        self.sees_all_of(&format!("{screen} in {} × {}", NARROW.0, NARROW.1)).await;
        self.browser.resize(WIDE).await;
    }

    /// None of the text on this screen that was whole is cut off once its letters, words and lines are set apart.
    async fn can_space_text_out(&self, screen: &str) {
        let lost = self.lost_when_spaced_out().await;
        assert!(lost.is_empty(), "{screen}: cut off when spaced out: {lost:#?}");
    }

    /// Texts on the page that are cut off only once they are spaced out, and by what.
    pub async fn lost_when_spaced_out(&self) -> Vec<String> {
        let cut_off = async || self.browser.eval::<Vec<String>>(CUT_OFF, Vec::new()).await;
        let before = cut_off().await;
        self.browser.eval::<()>(SPACE, vec![json!(true)]).await;
        let mut lost = cut_off().await;
        lost.retain(|text| !before.contains(text));
        self.browser.eval::<()>(SPACE, vec![json!(false)]).await;
        lost
    }
}
