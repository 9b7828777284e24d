//! Processes of native nodes and of the hub: how many casts go from one node's process to another's, how long a spawn on
//! the hub takes, and what ten thousand idle processes cost it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use node::{Address, Client, Program, Settings};
use serde_json::json;
use tokio::runtime::Runtime;

use super::idle::MIB;
use crate::bench::Bench;
use crate::hub::Hub;
use crate::pairs::Pairs;
use crate::report::{Bound, Figure, Unit};
use crate::statistics::{Latencies, median, ratio, spread};

/// The program that runs: a server that waits, one of those that the hub runs by default.
const PROGRAM: &str = include_str!("../../../programs/factorial.rhai");

/// Messages of one round of casts; a whole number of what the limit's other end takes at a time.
const CASTS: usize = 64 * 1_000;

/// Calls of one round.
const CALLS: usize = 2_000;

/// Spawns of one round, one after the other. A person may have a thousand processes on the hub.
const SPAWNS: usize = 400;

/// Idle processes, and the nicks that share them.
const IDLE: usize = 10_000;
const NICKS: usize = 10;

/// What is wanted between two native nodes, in signals a second.
const WANTED_OF_CASTS: Bound = Bound::AtLeast(20_000.0);

/// What is wanted of a spawn, in ms at the median.
const WANTED_OF_SPAWNS: Bound = Bound::AtMost(1.0);

/// What is wanted of idle processes, in MiB.
const WANTED_OF_IDLE: Bound = Bound::AtMost(100.0);

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let runtime = Runtime::new().context("a runtime for the nodes")?;
    let mut figures = runtime.block_on(casts(bench))?;
    figures.extend(runtime.block_on(spawns(bench))?);
    figures.extend(idle(bench, &runtime)?);
    Ok(figures)
}

/// From one native node to another, and what a bare relay does with the same bytes.
async fn casts(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let (sender, receiver) = (client(&hub, None).await?, client(&hub, None).await?);
    let mut mailbox = receiver.register("pong")?;
    let to = Address::of(mailbox.pid(), receiver.name());
    let (_limit, mut pairs) = Pairs::over_a_relay(1)?;
    let count = bench.pick(CASTS, CASTS / 4);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..bench.pick(8, 4) {
        let begun = Instant::now();
        let sending = {
            let (sender, to) = (sender.clone(), to.clone());
            tokio::spawn(async move {
                for number in 0..count {
                    sender.send(&to, json!(["ping", number])).await?;
                }
                anyhow::Ok(())
            })
        };
        for number in 0..count {
            let received = mailbox.next().await.context("a message")?;
            ensure!(received.message[1] == json!(number), "messages keep their order");
        }
        sending.await??;
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        pairs.cast(count)?;
        // What is slow only the first time is no part of it.
        if round > 0 {
            ours.push(rate);
            theirs.push(count as f64 / begun.elapsed().as_secs_f64());
        }
    }
    let casts = Figure::plain("casts between two native nodes", median(&ours), Unit::SignalsPerSecond)
        .beside(median(&theirs), ratio(&ours, &theirs))
        .wanting(WANTED_OF_CASTS)
        .noting(format!("{}; from process to process, both nodes in this program", spread(&ours)))
        .headlined("casts between two native nodes");

    let serving = tokio::spawn(async move {
        while let Some(received) = mailbox.next().await {
            if let Some(reply) = received.reply {
                reply.ok(received.message);
            }
        }
    });
    let mut latencies = Latencies::default();
    for _ in 0..bench.pick(CALLS, CALLS / 4) {
        let asked = Instant::now();
        sender.call(&to, 5).await?;
        latencies.add(asked.elapsed());
    }
    serving.abort();
    let calls = Figure::plain("a call between two native nodes, median", latencies.within(0.5), Unit::Milliseconds)
        .noting(format!("p99 {:.2} ms", latencies.within(0.99)));
    hub.stop()?;
    Ok(vec![casts, calls])
}

/// On the hub, until the asker has its address: its first step is done then.
async fn spawns(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let mut latencies = Latencies::default();
    for round in 0..bench.pick(3, 2) {
        let asker = client(&hub, Some(format!("asker-{round}"))).await?;
        for number in 0..SPAWNS {
            let asked = Instant::now();
            let spawned = asker.spawn("hub", program()).await?;
            if round > 0 || number > SPAWNS / 10 {
                latencies.add(asked.elapsed());
            }
            drop(spawned);
        }
    }
    hub.stop()?;
    let note = format!("p99 {:.2} ms; {} spawns, one after the other", latencies.within(0.99), latencies.count());
    Ok(vec![
        Figure::bounded("a spawn on the hub, median", latencies.within(0.5), Unit::Milliseconds, WANTED_OF_SPAWNS)
            .noting(note)
            .headlined("a spawn on the hub, median"),
    ])
}

fn idle(bench: &Bench, runtime: &Runtime) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let count = bench.pick(IDLE, IDLE / 4);
    let settled = || {
        hub.process().settled(|wait| {
            thread::sleep(wait);
            Ok(())
        })
    };
    let (clients, before) = runtime.block_on(async {
        let mut clients = Vec::new();
        for nick in 0..NICKS {
            clients.push(client(&hub, Some(format!("asker-{nick}"))).await?);
        }
        anyhow::Ok((clients, settled()?))
    })?;
    runtime.block_on(async {
        let filling: Vec<_> = clients.iter().cloned().map(|client| tokio::spawn(fill(client, count / NICKS))).collect();
        for filling in filling {
            filling.await??;
        }
        let stats = clients[0].call(&"node@@hub".parse()?, "stats").await?;
        ensure!(stats["count"].as_u64() >= Some(count as u64), "all of them run: {}", stats["count"]);
        anyhow::Ok(())
    })?;
    let after = settled()?;
    let grown = after.total.saturating_sub(before.total) as f64;
    let note = format!(
        "{:.1} KiB each; the hub is then at {:.1} MiB",
        grown / count as f64 / 1024.0,
        after.total as f64 / MIB
    );
    runtime.block_on(async {
        for client in &clients {
            client.stop().await;
        }
    });
    hub.stop()?;
    let figure = Figure::plain(format!("{count} idle processes on the hub"), grown / MIB, Unit::MiB).noting(note);
    Ok(vec![if count == IDLE { figure.wanting(WANTED_OF_IDLE).headlined("10,000 idle processes") } else { figure }])
}

async fn fill(client: Client, count: usize) -> Result<()> {
    for _ in 0..count {
        client.spawn("hub", program()).await?;
    }
    Ok(())
}

fn program() -> Program {
    Program::new("factorial", PROGRAM)
}

async fn client(hub: &Hub, nick: Option<String>) -> Result<Client> {
    let settings = Settings { nick, kind: Some("bench".to_owned()), ..Settings::default() };
    let (client, _) = Client::start(&format!("http://{}/", hub.address()), settings)?;
    let online = tokio::time::timeout(Duration::from_secs(10), client.online()).await?;
    ensure!(online, "the hub lets this node in");
    Ok(client)
}
