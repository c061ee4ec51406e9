//! One connection through a proxy, and what befalls it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Faults;
use super::fault::{Fault, Odds};
use crate::chance::Chance;

/// A connection's way to its service.
pub(super) struct Pipe {
    pub(super) service: &'static str,
    pub(super) target: SocketAddr,
    pub(super) odds: Odds,
    pub(super) faults: Arc<Faults>,
    pub(super) chance: Chance,
}

/// How a connection ended, if not by itself.
enum End {
    /// With a reset.
    Reset,
    /// In the middle of an answer.
    Cut,
    /// Not at all: nothing comes any more until the client gives up.
    Silence,
}

impl Pipe {
    /// Forwards until one side is done or a fault ends it.
    pub(super) async fn forward(mut self, mut client: TcpStream) {
        // Errors below mean that one side is gone: the other is dropped with it.
        let end = match self.draw(Odds::of_connection) {
            Some(_) => End::Silence,
            None => match TcpStream::connect(self.target).await {
                Ok(mut service) => self.exchange(&mut client, &mut service).await,
                Err(_) => End::Reset,
            },
        };
        match end {
            End::Cut => {}
            End::Reset => {
                let _ = client.set_zero_linger();
            }
            End::Silence => {
                let mut ignored = vec![0; 16 * 1024];
                while client.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
            }
        }
    }

    async fn exchange(&mut self, client: &mut TcpStream, service: &mut TcpStream) -> End {
        let (mut request, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        // A fault befalls an answer when it begins: an image of many parts is one answer.
        let mut begins = false;
        loop {
            tokio::select! {
                read = client.read(&mut request) => {
                    let Ok(count @ 1..) = read else { return End::Cut };
                    if self.draw(Odds::of_request).is_some() {
                        return End::Reset;
                    }
                    begins = true;
                    if service.write_all(&request[..count]).await.is_err() {
                        return End::Reset;
                    }
                }
                read = service.read(&mut answer) => {
                    let Ok(count @ 1..) = read else { return End::Cut };
                    if std::mem::take(&mut begins)
                        && let Some(end) = self.befall(client, &answer[..count]).await
                    {
                        return end;
                    }
                    if client.write_all(&answer[..count]).await.is_err() {
                        return End::Reset;
                    }
                }
            }
        }
    }

    /// What befalls an answer that begins with this part; how that ended the connection, if it did.
    async fn befall(&mut self, client: &mut TcpStream, part: &[u8]) -> Option<End> {
        match self.draw(Odds::of_answer) {
            Some(Fault::ResetAfter) => return Some(End::Reset),
            Some(Fault::AnswerLost) => return Some(End::Silence),
            Some(Fault::Truncated) => {
                let kept = self.chance.below(part.len());
                let _ = client.write_all(&part[..kept]).await;
                return Some(End::Cut);
            }
            Some(Fault::Latency) => {
                let pause = self.odds.delay(&mut self.chance);
                tokio::time::sleep(pause).await;
            }
            _ => {}
        }
        None
    }

    /// What befalls it now, if anything; counted.
    fn draw(&mut self, fault: impl Fn(&Odds, &mut Chance) -> Option<Fault>) -> Option<Fault> {
        let fault = fault(&self.odds, &mut self.chance).filter(|_| self.faults.active())?;
        self.faults.count(self.service, fault);
        Some(fault)
    }
}
