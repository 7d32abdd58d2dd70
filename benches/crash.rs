//! Kills a server at random moments under load, starts it again, and compares what it has with what it had said.
//!
//! `crash [KILLS [SEED]]`: the last line is `crash kills=N acknowledged=N lost=N duplicated=N`; the exit status is 1 where anything was lost,
//! duplicated or half there. The server is the one beside this program.

#[path = "crash/model.rs"]
mod model;
#[path = "crash/venue.rs"]
mod venue;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::{Act, Model, State};
use plimsoll_client::client::Client;
use tokio::task::JoinSet;

/// Clients that send one command after the other.
const CLIENTS: u64 = 8;
/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Numbers from a seed (G. Marsaglia, Xorshift RNGs, 2003).
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }
}

/// A server process; it does not outlive this.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(data: &Path) -> Result<Self, Failed> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let program = std::env::current_exe()?.with_file_name("plimsoll-server");
        let process = Command::new(&program)
            .args(["--listen", &address.to_string(), "--snapshot-interval-ms", "40", "--log", "error"])
            .arg("--data-directory")
            .arg(data)
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Self { process, url: format!("http://{address}") })
    }

    /// A client, once the server answers.
    async fn client(&mut self) -> Result<Client, Failed> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the server ended by itself: {status}").into());
            }
            match Client::connect(&venue::settings(&self.url)).await {
                Ok(client) => return Ok(client),
                Err(error) if begun.elapsed() > START => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    fn kill(&mut self) {
        // SIGKILL: nothing of the process runs any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One client's life: it sends until the server is gone.
async fn load(client: Client, model: Arc<Mutex<Model>>, life: u64, number: u64, mut dice: Dice) {
    let mut working: Option<String> = None;
    for count in 0_u64.. {
        let id = format!("L{life}-{number}-{count}");
        let act = match (dice.below(4), working.take()) {
            (_, Some(order)) => Act::Cancel(order),
            (0, None) => Act::Deposit,
            (1, None) => Act::Order,
            _ => Act::Trade(if dice.below(2) == 0 { 1 } else { -1 }),
        };
        let lock = || model.lock().unwrap_or_else(PoisonError::into_inner);
        lock().sent(&id, act.clone());
        match venue::send(&client, &id, &act).await {
            Ok(()) => lock().acknowledged(&id),
            Err(_) => return,
        }
        if matches!(act, Act::Order) {
            working = Some(id);
        }
    }
}

/// What the server has: nothing said is missing, nothing is half there; then everything is sent again.
async fn compare(client: &Client, model: &Arc<Mutex<Model>>, dice: &mut Dice) -> Result<(), Failed> {
    let found = venue::state(client).await?;
    let (unknown, again) = {
        let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
        model.compare(&found);
        (model.unacknowledged(), model.some_acknowledged(50, |count| dice.below(count)))
    };
    for (id, act) in unknown.iter().chain(&again) {
        venue::send(client, id, act).await.map_err(|error| format!("{id} again: {error}"))?;
    }
    let found: State = venue::state(client).await?;
    let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
    unknown.iter().for_each(|(id, _)| model.acknowledged(id));
    model.compare(&found);
    let (own, theirs) = (model.state().digest(), found.digest());
    if own != theirs {
        model.wrong(format!("the state's digest is {theirs}, the model's {own}"));
    }
    Ok(())
}

async fn run(kills: u64, seed: u64, data: &Path) -> Result<Model, Failed> {
    let mut dice = Dice::new(seed);
    let model = Arc::new(Mutex::new(Model::default()));
    let mut server = Server::start(data)?;
    venue::set_up(&server.client().await?).await?;
    for life in 1..=kills {
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let own = Dice::new(seed ^ (life << 20) ^ (number << 8));
            clients.spawn(load(server.client().await?, Arc::clone(&model), life, number, own));
        }
        tokio::time::sleep(Duration::from_millis(10 + dice.below(240))).await;
        server.kill();
        while clients.join_next().await.is_some() {}
        server = Server::start(data)?;
        compare(&server.client().await?, &model, &mut dice).await?;
    }
    server.kill();
    let model = model.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(model.clone())
}

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap_or(1));
    let (kills, seed) = (arguments.next().unwrap_or(20), arguments.next().unwrap_or(1));
    let data: PathBuf = std::env::temp_dir().join(format!("plimsoll-crash-{}", std::process::id()));
    println!("crash seed={seed} data={}", data.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Failed::from).and_then(|own| own.block_on(run(kills, seed, &data)));
    let model = match outcome {
        Ok(model) => model,
        Err(error) => {
            println!("failed: {error}; the data is in {}", data.display());
            return std::process::ExitCode::FAILURE;
        }
    };
    model.faults().iter().take(20).for_each(|fault| println!("wrong: {fault}"));
    let (acknowledged, lost, duplicated) = model.counts();
    let is_right = model.faults().is_empty() && lost == 0 && duplicated == 0;
    if is_right {
        let _ = std::fs::remove_dir_all(&data);
    }
    println!("crash kills={kills} acknowledged={acknowledged} lost={lost} duplicated={duplicated}");
    if is_right { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
