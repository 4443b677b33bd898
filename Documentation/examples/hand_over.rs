// SPDX-License-Identifier: LGPL-2.1-or-later

//! Hands a TCP connection to a child. The program starts itself as the child, which reads
//! the token from standard input, imports the connection and answers on it.

use std::env;
use std::ffi::{CStr, CString};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::raw::{c_char, c_int, c_uint};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::process::{self, Command, Stdio};

/// `struct sockdup_protocol_info`: bytes, of which only the library knows the meaning.
#[repr(C, align(4))]
struct ProtocolInfo([u8; 128]);

/// SOCKDUP_TEXT_SIZE
const TEXT_SIZE: usize = 46;

#[link(name = "sockdup")]
extern "C" {
    fn sockdup_duplicate(fd: c_int, pid: c_int, info: *mut ProtocolInfo) -> c_int;
    fn sockdup_socket(info: *const ProtocolInfo, flags: c_uint) -> c_int;
    fn sockdup_info_to_text(info: *const ProtocolInfo, text: *mut c_char) -> c_int;
    fn sockdup_info_from_text(text: *const c_char, info: *mut ProtocolInfo) -> c_int;
}

/// What a function of the library returned, or the error that it left in errno.
fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Exports a connection to a process, and returns the text form of the token.
fn share(connection: &TcpStream, pid: u32) -> io::Result<String> {
    let mut info = ProtocolInfo([0; 128]);
    let mut text: [c_char; TEXT_SIZE] = [0; TEXT_SIZE];

    // SAFETY: the library fills the two, and ends the text with a NUL.
    let text = unsafe {
        checked(sockdup_duplicate(
            connection.as_raw_fd(),
            pid as c_int,
            &mut info,
        ))?;
        checked(sockdup_info_to_text(&info, text.as_mut_ptr()))?;
        CStr::from_ptr(text.as_ptr())
    };
    Ok(text.to_string_lossy().into_owned())
}

/// Imports a connection.
fn from_share(text: &str) -> io::Result<TcpStream> {
    let mut info = ProtocolInfo([0; 128]);
    let text = CString::new(text)?;

    // SAFETY: the descriptor is new, and nobody else's.
    unsafe {
        checked(sockdup_info_from_text(text.as_ptr(), &mut info))?;
        Ok(TcpStream::from_raw_fd(checked(sockdup_socket(&info, 0))?))
    }
}

fn child() -> io::Result<()> {
    let mut text = String::new();

    io::stdin().read_to_string(&mut text)?;
    writeln!(
        from_share(text.trim())?,
        "process {} answers",
        process::id()
    )
}

/// Both ends of a connection.
fn connect() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;

    Ok((client, server))
}

fn parent() -> io::Result<()> {
    let (mut client, server) = connect()?;
    let mut child = Command::new(env::current_exe()?)
        .arg("child")
        .stdin(Stdio::piped())
        .spawn()?;
    let text = share(&server, child.id())?;

    // The token holds the connection open from here on.
    drop(server);
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{text}")?;
    }
    let mut answer = String::new();

    client.read_to_string(&mut answer)?;
    print!("child {}: {}", child.id(), answer);
    if child.wait()?.success() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::Other, "the child failed"))
    }
}

fn main() -> io::Result<()> {
    if env::args().len() > 1 {
        child()
    } else {
        parent()
    }
}
