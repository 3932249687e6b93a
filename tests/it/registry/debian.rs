//! Debian's `docker-registry`, started on a free port with a folder of its own: manifests, indexes, passwords.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use usher::model::artifact::Artifact;
use usher::model::ids::Digest;

use super::{find, open, options, password, why_not};
use crate::scripted::reached;

const PROGRAM: &str = "/usr/bin/docker-registry";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

struct Registry {
    host: String,
    client: Client,
    guarded: bool,
    child: Child,
    _folder: TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// Starts one; none where this machine has no such program.
    async fn start(guarded: bool) -> Option<Self> {
        if !std::path::Path::new(PROGRAM).exists() {
            println!("skipped: there is no {PROGRAM} here (Debian: docker-registry)");
            return None;
        }
        for _ in 0..5 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let host = free.local_addr().unwrap().to_string();
            drop(free);
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path().display();
            let mut config = format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {at}/data}}}}\n\
                 http: {{addr: '{host}'}}\n"
            );
            if guarded {
                // The password is `hunter2`.
                let line = "usher:$2b$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.\n";
                std::fs::write(folder.path().join("htpasswd"), line).unwrap();
                config += &format!("auth: {{htpasswd: {{realm: here, path: {at}/htpasswd}}}}\n");
            }
            let file = folder.path().join("config.yml");
            std::fs::write(&file, config).unwrap();
            let child = Command::new(PROGRAM)
                .arg("serve")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let client = Client::builder().no_proxy().build().unwrap();
            let mut registry = Self { host, client, guarded, child, _folder: folder };
            if registry.is_up().await {
                return Some(registry);
            }
        }
        panic!("the registry does not start");
    }

    async fn is_up(&mut self) -> bool {
        for _ in 0..200 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.client.get(format!("http://{}/v2/", self.host)).send().await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    fn known(&self, request: RequestBuilder) -> RequestBuilder {
        if self.guarded { request.basic_auth("usher", Some("hunter2")) } else { request }
    }

    async fn push_blob(&self, name: &str, blob: &str) -> String {
        let url = format!("http://{}/v2/{name}/blobs/uploads/", self.host);
        let begun = self.known(self.client.post(url)).send().await.unwrap();
        let at = begun.headers()["location"].to_str().unwrap().to_owned();
        let at = if at.starts_with('/') { format!("http://{}{at}", self.host) } else { at };
        let digest = digest(blob);
        let joint = if at.contains('?') { '&' } else { '?' };
        let put = self.client.put(format!("{at}{joint}digest={digest}")).body(blob.to_owned());
        let done = self.known(put).send().await.unwrap();
        assert_eq!(done.status(), 201, "{}", done.text().await.unwrap());
        digest
    }

    async fn push(&self, name: &str, tag: &str, kind: &str, manifest: &str) -> Artifact {
        let url = format!("http://{}/v2/{name}/manifests/{tag}", self.host);
        let put = self.client.put(url).header("content-type", kind).body(manifest.to_owned());
        let done = self.known(put).send().await.unwrap();
        assert_eq!(done.status(), 201, "{}", done.text().await.unwrap());
        Artifact::Present(Digest::new(digest(manifest)).unwrap())
    }

    /// Pushes an image that holds nothing but a word.
    async fn push_image(&self, name: &str, tag: &str, word: &str) -> Artifact {
        let config = json!({"architecture": "amd64", "os": "linux", "word": word}).to_string();
        let digest = self.push_blob(name, &config).await;
        let kind = "application/vnd.oci.image.config.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": kind, "size": config.len(), "digest": digest},
            "layers": [],
        });
        self.push(name, tag, MANIFEST, &manifest.to_string()).await
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

#[tokio::test]
async fn images_and_indexes_are_found_by_tag_and_digest() {
    let Some(registry) = Registry::start(false).await else {
        return;
    };
    let host = registry.host.clone();
    let registries = open(vec![options(&host, reached(&host))]);
    let image = format!("{host}/acme/web");
    assert_eq!(find(&registries, &image, "v1.0.0").await, Artifact::Absent);
    let pushed = registry.push_image("acme/web", "v1.0.0", "one").await;
    assert_eq!(find(&registries, &image, "v1.0.0").await, pushed);
    let Artifact::Present(by) = &pushed else { panic!() };
    assert_eq!(find(&registries, &image, by.as_str()).await, pushed);
    let other = format!("sha256:{}", "0".repeat(64));
    assert_eq!(find(&registries, &image, &other).await, Artifact::Absent);
    let size = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).to_string();
    let index = registry.push("acme/web", "all", INDEX, &size).await;
    assert_eq!(find(&registries, &image, "all").await, index);
    // A tag that was pushed again is seen to be, by those who have not just looked.
    let again = registry.push_image("acme/web", "v1.0.0", "two").await;
    assert_ne!(again, pushed);
    let later = open(vec![options(&host, reached(&host))]);
    assert_eq!(find(&later, &image, "v1.0.0").await, again);
}

#[tokio::test]
async fn passwords_are_shown_where_they_are_asked_for() {
    let Some(registry) = Registry::start(true).await else {
        return;
    };
    let host = registry.host.clone();
    let image = format!("{host}/acme/web");
    let pushed = registry.push_image("acme/web", "v1.0.0", "one").await;
    let with = |credentials| {
        let mut one = options(&host, reached(&host));
        one.credentials = credentials;
        open(vec![one])
    };
    let known = with(password("usher", "hunter2"));
    assert_eq!(find(&known, &image, "v1.0.0").await, pushed);
    assert_eq!(find(&known, &image, "v2").await, Artifact::Absent);
    let wrong = why_not(&with(password("usher", "hunter3")), &image, "v1.0.0").await;
    assert!(wrong.contains("does not let Usher read acme/web"), "{wrong}");
    assert!(!wrong.contains("hunter3"), "{wrong}");
    let nobody = open(vec![options(&host, reached(&host))]);
    let wrong = why_not(&nobody, &image, "v1.0.0").await;
    assert!(wrong.contains("does not let Usher read"), "{wrong}");
}
