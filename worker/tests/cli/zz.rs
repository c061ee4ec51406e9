
use super::support::*;
#[tokio::test]
async fn zz() {
    let local = Local::start().await;
    let request = super::records::request(new_id());
    super::records::open(&local, &request).await;
    let mut c = tokio::process::Command::new("script");
    c.args(["-qec", &format!("{} watch {} --wait-timeout 2", env!("CARGO_BIN_EXE_lockstep"), request.id), "/dev/null"]);
    c.env("LOCKSTEP_CONFIG", local.config_path()).env("AWS_ACCESS_KEY_ID","a").env("AWS_SECRET_ACCESS_KEY","b").env("TERM","xterm");
    let o = c.output().await.unwrap();
    panic!("{:?}\n{}", o.status, String::from_utf8_lossy(&o.stdout).replace('\x1b', "ESC"));
}
