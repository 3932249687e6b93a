//! `usher serve` as a process of its own, so that it can be killed.
//! It does not know what is killed, nor why.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::stage::{DEMO, Stage};

pub(super) struct Process(Child);

impl Process {
    /// Starts it; webhooks go to it.
    pub(super) fn start(stage: &Stage) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        stage.github.set_bot(&address.to_string());
        let child = Command::new(env!("CARGO_BIN_EXE_usher"))
            .arg("serve")
            .env("USHER_LISTEN", address.to_string())
            .env("USHER_APP_ID", stage.github.app_id.to_string())
            .env("USHER_PRIVATE_KEY_FILE", &stage.github.private_key_file)
            .env("USHER_WEBHOOK_SECRET", &stage.github.webhook_secret)
            .env("USHER_GITHUB_API", stage.github.api_url())
            .env("USHER_DATABASE", stage.database())
            .env("USHER_SETTINGS", operators_file(stage))
            .env("USHER_LOG", "warn")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// SIGKILL: nothing is tidied up.
    pub(super) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(super) fn end(mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(asked.unwrap().success());
        self.0.wait().unwrap()
    }
}

/// What the operator says: where the sandbox's Argo CD is in this life.
fn operators_file(stage: &Stage) -> PathBuf {
    let (file, token) = (stage.folder().join("usher.toml"), stage.folder().join("argocd.token"));
    std::fs::write(&token, stage.github.argocd_token("usher").unwrap()).unwrap();
    let text = format!(
        "[argocd.main]\nurl = '{}'\nplain_http = true\ntoken_file = '{}'\n\
         allow = [{{repository = '{DEMO}', applications = ['*-microservices-demo']}}]\n",
        stage.github.argocd_url(),
        token.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
