//! A server of a test's own, to be killed, frozen and started again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) struct Server {
    url: String,
    pid: u32,
    folder: String,
    /// The scripts that run it, the last one first: the first has made the folder and takes it away.
    scripts: Vec<Child>,
}

impl Server {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub(crate) fn start() -> Self {
        Self::run(&[])
    }

    /// Starts a server whose data are in a folder.
    pub(crate) fn start_in(folder: &std::path::Path) -> Self {
        Self::run(&["--folder", folder.to_str().unwrap()])
    }

    /// Starts a server with a certificate of its own.
    pub(crate) fn start_with_tls() -> Self {
        Self::run(&["--tls"])
    }

    /// Starts a server that writes the plan of every question into its log.
    pub(crate) fn start_with_plans() -> Self {
        let settings = [
            "shared_preload_libraries=auto_explain",
            "auto_explain.log_min_duration=0",
            "auto_explain.log_analyze=on",
        ];
        Self::run(&settings.map(|it| ["--set", it]).concat())
    }

    /// Returns what the server has written into its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(format!("{}/log", self.folder)).unwrap()
    }

    /// Starts a hot standby of this server.
    pub(crate) fn follower(&self) -> Self {
        Self::run(&["--follow", &self.port()])
    }

    fn run(arguments: &[&str]) -> Self {
        let (script, url, pid, folder) = run(arguments);
        Self {
            url,
            pid,
            folder,
            scripts: vec![script],
        }
    }

    /// Returns the certificate, as PEM.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        std::fs::read(format!("{}/certificate.pem", self.folder)).unwrap()
    }

    /// Starts it again, where it was.
    pub(crate) fn start_again(&mut self) {
        let (port, folder) = (self.port(), self.folder.clone());
        let (script, url, pid, _) = run(&["--folder", &folder, "--port", &port]);
        assert_eq!(url, self.url);
        self.pid = pid;
        self.scripts.insert(0, script);
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends every process of it at once, as a loss of power would.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
        let gone = || !std::fs::exists(format!("/proc/{}", self.pid)).unwrap();
        while !gone() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Stops every process of it where it is.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets every process of it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn port(&self) -> String {
        let rest = self.url.rsplit(':').next().unwrap();
        rest.split('/').next().unwrap().to_owned()
    }

    fn signal(&self, signal: &str) {
        // The one that starts others first, so that it starts none meanwhile.
        for pid in std::iter::once(self.pid).chain(children(self.pid)) {
            let _ = Command::new("kill")
                .args([signal, &pid.to_string()])
                .stderr(Stdio::null())
                .status();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.thaw();
        for script in &mut self.scripts {
            // Its standard input closes, which ends it.
            drop(script.stdin.take());
            let _ = script.wait();
        }
    }
}

fn run(arguments: &[&str]) -> (Child, String, u32, String) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/postgres.py");
    let mut script = Command::new("python3")
        .arg(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the server");
    let mut said = String::new();
    let out = script.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut said).unwrap();
    let mut words = said.split_whitespace().map(str::to_owned);
    let mut word = || words.next().expect("the server starts");
    let (url, pid, folder) = (word(), word(), word());
    (script, url, pid.parse().unwrap(), folder)
}

/// Returns the processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = folders.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        rest.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}
