//! Serves a drawn or written fleet until standard input ends: `serve [--fleet FILE] [--seed N] [--tls FOLDER] [--swift]`.

use graph_sim::fleet::{Fleet, Size, generate};
use graph_sim::serve::{ServeOptions, serve};
use graph_sim::settings::{Latency, Settings};
use std::error::Error;
use std::io::Read;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options(&std::env::args().collect::<Vec<_>>())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = serve(options).await?;
        println!("{}", serde_json::to_string(&server.ready)?);
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        server.stop().await;
        Ok(())
    })
}

fn options(args: &[String]) -> Result<ServeOptions, Box<dyn Error>> {
    let value = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.get(at + 1).cloned()
    };
    let seed = value("--seed").map_or(Ok(1), |s| s.parse())?;
    let fleet = match value("--fleet") {
        Some(file) => Fleet::from_yaml(&std::fs::read_to_string(file)?)?,
        None => generate(seed, &Size::default()),
    };
    let mut settings = Settings::default();
    if args.iter().any(|a| a == "--swift") {
        settings.latency = no_latency();
        settings.limits.enforced = false;
    }
    Ok(ServeOptions {
        listen: value("--listen")
            .as_deref()
            .unwrap_or("127.0.0.1:0")
            .parse()?,
        fleet,
        settings,
        seed,
        start_ms: wall_clock_ms()?,
        time_scale: 1.0,
        tls: value("--tls").map(Into::into),
    })
}

fn no_latency() -> Latency {
    Latency {
        token_ms: 0,
        read_ms: 0,
        list_ms: 0,
        write_ms: 0,
        photo_ms: 0,
        directory_ms: 0,
        batch_ms: 0,
        throttled_ms: 0,
        jitter: 0.0,
    }
}

/// The one look at the real clock: the library is told when it starts.
#[allow(clippy::disallowed_methods)]
fn wall_clock_ms() -> Result<i64, Box<dyn Error>> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}
