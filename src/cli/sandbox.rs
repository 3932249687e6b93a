//! `usher sandbox`: a GitHub in a box with the bot installed on it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::json;

use super::{Failure, asked_to_end, start_log, trouble};
use crate::app::{self, Role};
use crate::argocd;
use crate::fault::Fault;
use crate::model::ids::AppId;
use crate::reach::{self, Origin};
use crate::sandbox::{self, Options};
use crate::settings::{self, CommonFlags, GitHubSettings, OperatorFile, Settings};

/// What `usher sandbox` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where GitHub's pages and API listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,
    /// Where the bot listens, or is expected with --no-bot
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4001")]
    bot: SocketAddr,
    /// Keep everything in this folder; nothing is kept without
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Fill the GitOps repository from this folder instead of the demo
    #[arg(long, value_name = "DIR")]
    gitops: Option<PathBuf>,
    /// Run the GitHub alone; its webhooks go to http://BOT/webhook, whatever bot is there
    #[arg(long)]
    no_bot: bool,
    /// Print addresses and secrets as one line of JSON first
    #[arg(long)]
    json: bool,
    /// What is logged, as `level` or `target=level,…` (USHER_LOG; default warn)
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// Runs until it is asked to end.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let flags = CommonFlags { database: None, log: args.log.clone() };
    let quiet = |name: &str| settings::environment(name).or_else(|| Some("warn".to_owned()));
    start_log(&settings::log_filter(&flags, &quiet))?;

    let options = Options {
        data: args.data.clone(),
        keep: true,
        gitops: args.gitops.clone(),
        ..Options::new(args.listen, args.bot.to_string())
    };
    let github = sandbox::start(options).await.map_err(trouble)?;
    let bot = if args.no_bot { None } else { Some(start_bot(&args, &github).await?) };
    let address = bot.as_ref().map_or(args.bot, |bot| bot.address);
    github.set_bot(&address.to_string());
    announce(&args, &github, address).map_err(trouble)?;

    asked_to_end().await?;
    if let Some(bot) = bot {
        bot.stop().await;
    }
    github.shutdown().await;
    Ok(())
}

async fn start_bot(args: &Args, github: &sandbox::Running) -> Result<app::Running, Failure> {
    // The bot's memory lies beside the box's: kept with --data, gone without.
    let folder = github.private_key_file.parent().map(PathBuf::from).unwrap_or_default();
    let settings = Settings {
        listen: args.bot,
        url: None,
        github: GitHubSettings {
            api: github.api_url(),
            app: AppId(github.app_id),
            key: SecretString::from(github.private_key_pem.clone()),
        },
        webhook_secrets: vec![SecretString::from(github.webhook_secret.clone())],
        database: SecretString::from(format!("sqlite:{}", folder.join("usher.db").display())),
        operator: OperatorFile {
            argocd: argocd(github).map_err(trouble)?,
            ..OperatorFile::default()
        },
        evidence_key: Some(folder.join("usher-evidence.key")),
        remarks: Vec::new(),
    };
    app::start(settings, Role::All).await.map_err(trouble)
}

/// The box's Argo CD, as the server `main` that every repository may name.
fn argocd(github: &sandbox::Running) -> Result<BTreeMap<String, argocd::Server>, Fault> {
    let url = github.argocd_url();
    let (origin, _) =
        Origin::of_url(&url).map_err(|wrong| Fault::Broken(format!("{url} {wrong}")))?;
    let mut options = reach::Options::new(origin);
    options.private = true;
    let token = github.argocd_token("usher").unwrap_or_default();
    let allowed =
        argocd::Allowed { repository: "acme/*".to_owned(), applications: vec!["*".to_owned()] };
    let server = argocd::Server {
        reach: options,
        base: String::new(),
        token: SecretString::from(token),
        namespace: None,
        project: None,
        allow: vec![allowed],
    };
    Ok(BTreeMap::from([("main".to_owned(), server)]))
}

fn announce(args: &Args, github: &sandbox::Running, bot: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        let line = json!({
            "github": github.url(),
            "api": github.api_url(),
            "bot": format!("http://{bot}"),
            "app_id": github.app_id,
            "webhook_secret": github.webhook_secret,
            "private_key_file": github.private_key_file,
        });
        writeln!(out, "{line}")?;
        return out.flush();
    }
    writeln!(out, "\n  GitHub in a box   {}", github.url())?;
    let expected = if args.no_bot { "  (expected; --no-bot)" } else { "" };
    writeln!(out, "  Usher             http://{bot}/{expected}")?;
    writeln!(out, "  Argo CD in a box  {}", github.argocd_url())?;
    if args.data.is_none() {
        writeln!(out, "\n  Nothing is kept when it ends; --data DIR keeps it.")?;
    }
    writeln!(
        out,
        "\n  Open the first address, choose a user, publish a release in acme/microservices-demo,"
    )?;
    writeln!(out, "  and watch the staging pull request appear. Ctrl-C ends it.\n")?;
    out.flush()
}
