//! Two receivers of notices on loopback: one that speaks HTTP, one that speaks SMTP. Either can refuse.
#![allow(dead_code, reason = "every test program uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What one receiver was told, and how often it still refuses.
#[derive(Clone, Default)]
pub struct Told {
    taken: Arc<Mutex<Vec<String>>>,
    refuse: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Told {
    /// The next so many are turned away.
    pub fn refuse(&self, times: usize) {
        self.refuse.store(times, Ordering::SeqCst);
    }

    /// How many were turned away.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// Everything that was taken, in order.
    pub fn all(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits until so many were taken in all, and a little longer in case there are more.
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        for _ in 0..1_200 {
            if self.all().len() >= count {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        std::thread::park_timeout(Duration::from_millis(1_500));
        let all = self.all();
        assert_eq!(all.len(), count, "{all:#?}");
        all
    }

    fn accepts(&self) -> bool {
        let turn_away = |left: usize| left.checked_sub(1);
        let order = Ordering::SeqCst;
        let refuses = self.refuse.fetch_update(order, order, turn_away).is_ok();
        if refuses {
            self.refused.fetch_add(1, order);
        }
        !refuses
    }

    fn take(&self, text: String) {
        self.taken.lock().unwrap().push(text);
    }
}

/// Listens on a free port of this machine; every connection is answered in a thread of its own.
fn listen(told: &Told, answer: fn(TcpStream, &Told) -> std::io::Result<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = told.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = told.clone();
            std::thread::spawn(move || {
                // Who hangs up has said what it had to say.
                let _ = answer(stream, &told);
            });
        }
    });
    port
}

/// A webhook's receiver: keeps signature and body of every POST, or answers 500.
pub fn webhook() -> (Told, String) {
    let told = Told::default();
    let port = listen(&told, post);
    (told, format!("http://127.0.0.1:{port}/hook"))
}

fn post(stream: TcpStream, told: &Told) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut length, mut signature, mut line) = (0, String::new(), String::new());
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_owned();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "x-almanac-signature" => signature = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let status = if told.accepts() {
            told.take(format!("{signature} {}", String::from_utf8_lossy(&body)));
            "204 No Content"
        } else {
            "500 Internal Server Error"
        };
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
    }
}

/// A mail server without TLS: keeps every letter with its envelope, or answers 451 after its end.
pub fn smtp() -> (Told, u16) {
    let told = Told::default();
    let port = listen(&told, mail);
    (told, port)
}

fn mail(stream: TcpStream, told: &Told) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut stream = stream;
    write!(stream, "220 loopback ESMTP\r\n")?;
    let mut letter = String::new();
    while let Some(line) = lines.next().transpose()? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or("")
            .to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => write!(stream, "250 loopback\r\n")?,
            "MAIL" | "RCPT" => {
                letter.push_str(&format!("{line}\n"));
                write!(stream, "250 ok\r\n")?;
            }
            "DATA" => {
                write!(stream, "354 go on\r\n")?;
                for line in lines.by_ref() {
                    match line?.as_str() {
                        "." => break,
                        text => letter.push_str(&format!("{text}\n")),
                    }
                }
                if told.accepts() {
                    told.take(std::mem::take(&mut letter));
                    write!(stream, "250 taken\r\n")?;
                } else {
                    letter.clear();
                    write!(stream, "451 try again later\r\n")?;
                }
            }
            "QUIT" => return write!(stream, "221 bye\r\n"),
            _ => write!(stream, "250 ok\r\n")?,
        }
    }
    Ok(())
}
