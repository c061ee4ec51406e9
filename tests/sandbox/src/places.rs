//! Where everything listens and keeps its state. Ports are chosen once and kept in the folder, since image
//! references and task definitions hold them: a sandbox that is started again must be where it was.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::SandboxError;

/// The ports, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ports {
    /// DynamoDB.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// The registry.
    pub registry: u16,
    /// GitHub.
    pub github: u16,
    /// ECS.
    pub ecs: u16,
    /// In front of staging's application.
    pub staging: u16,
    /// In front of production's application.
    pub production: u16,
    /// Staging's database.
    pub staging_database: u16,
    /// Production's database.
    pub production_database: u16,
}

/// A sandbox's folder.
#[derive(Debug, Clone)]
pub struct Places {
    folder: PathBuf,
    /// The ports.
    pub ports: Ports,
}

impl Places {
    /// Opens the folder: makes it, or takes up the ports that it was used with.
    ///
    /// # Errors
    /// The folder cannot be written, or `ports.json` is damaged.
    pub fn open(folder: &Path) -> Result<Self, SandboxError> {
        let folder = std::path::absolute(folder).map_err(|e| SandboxError::folder(folder, &e))?;
        std::fs::create_dir_all(&folder).map_err(|e| SandboxError::folder(&folder, &e))?;
        let file = folder.join("ports.json");
        let ports = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| SandboxError::folder(&file, &e))?,
            Err(_) => {
                let ports = choose().map_err(|e| SandboxError::folder(&folder, &e))?;
                let text = serde_json::to_vec_pretty(&ports);
                let text = text.map_err(|e| SandboxError::folder(&file, &e))?;
                std::fs::write(&file, text).map_err(|e| SandboxError::folder(&file, &e))?;
                ports
            }
        };
        Ok(Self { folder, ports })
    }

    /// A file or folder in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An address on 127.0.0.1.
    #[must_use]
    pub fn address(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}

/// The ports to choose from: below those that a Linux host gives to outgoing connections (from 32768 on),
/// any of which could take one of ours between choosing and listening.
const BLOCKS: std::ops::Range<u16> = 0..1300;
const FIRST_PORT: u16 = 11_000;
const BLOCK: u16 = 16;
/// From a block that is taken to the next one that is tried: far away, since the blocks beside it are where the
/// processes that started just before and after this one begin. Prime to the number of blocks, so none is left out.
const STRIDE: usize = 389;

/// Nine ports that are free now, next to each other. Every process begins its search elsewhere, so that two
/// that start at once do not choose the same.
fn choose() -> std::io::Result<Ports> {
    let blocks = BLOCKS.len();
    let begin = usize::try_from(std::process::id()).unwrap_or(0) % blocks;
    let ports = (0..blocks).filter_map(|n| u16::try_from((begin + n * STRIDE) % blocks).ok());
    let mut bases = ports.map(|block| FIRST_PORT + block * BLOCK);
    let base = bases.find(|base| (*base..base + 9).all(is_free));
    let base =
        base.ok_or_else(|| std::io::Error::other("no nine free ports in a row between 11000 and 31800"))?;
    Ok(Ports {
        dynamodb: base,
        sqs: base + 1,
        registry: base + 2,
        github: base + 3,
        ecs: base + 4,
        staging: base + 5,
        production: base + 6,
        staging_database: base + 7,
        production_database: base + 8,
    })
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
