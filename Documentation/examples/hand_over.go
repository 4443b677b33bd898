// SPDX-License-Identifier: LGPL-2.1-or-later

// Hands a TCP connection to a child. The program starts itself as the child, which reads
// the token from standard input, imports the connection and answers on it.
package main

// #cgo LDFLAGS: -lsockdup
// #include <stdlib.h>
// #include <sockdup.h>
import "C"

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"unsafe"
)

// share exports a connection to a process, and returns the text form of the token.
func share(connection *net.TCPConn, pid int) (string, error) {
	var info C.struct_sockdup_protocol_info
	var text [C.SOCKDUP_TEXT_SIZE]C.char
	var failed error

	raw, err := connection.SyscallConn()
	if err != nil {
		return "", err
	}
	// File() would duplicate the descriptor and make the socket blocking.
	err = raw.Control(func(fd uintptr) {
		result, errno := C.sockdup_duplicate(C.int(fd), C.pid_t(pid), &info)
		if result != 0 {
			failed = errno
		}
	})
	if err != nil {
		return "", err
	}
	if failed != nil {
		return "", failed
	}
	C.sockdup_info_to_text(&info, &text[0])
	return C.GoString(&text[0]), nil
}

// fromShare imports a connection.
func fromShare(text string) (net.Conn, error) {
	var info C.struct_sockdup_protocol_info

	bytes := C.CString(text)
	defer C.free(unsafe.Pointer(bytes))
	if result, err := C.sockdup_info_from_text(bytes, &info); result != 0 {
		return nil, err
	}
	fd, err := C.sockdup_socket(&info, 0)
	if fd < 0 {
		return nil, err
	}
	// FileConn() duplicates the descriptor.
	file := os.NewFile(uintptr(fd), "shared")
	defer file.Close()
	return net.FileConn(file)
}

func child() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	connection, err := fromShare(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = fmt.Fprintf(connection, "process %d answers\n", os.Getpid())
	return err
}

// connect returns both ends of a connection.
func connect() (client, server *net.TCPConn, err error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	client, err = net.DialTCP("tcp", nil, listener.Addr().(*net.TCPAddr))
	if err != nil {
		return nil, nil, err
	}
	server, err = listener.AcceptTCP()
	return client, server, err
}

func parent() error {
	client, server, err := connect()
	if err != nil {
		return err
	}
	command := exec.Command(os.Args[0], "child")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	text, err := share(server, command.Process.Pid)
	if err != nil {
		return err
	}
	// The token holds the connection open from here on.
	server.Close()
	fmt.Fprintln(input, text)
	input.Close()

	answer, err := io.ReadAll(client)
	if err != nil {
		return err
	}
	fmt.Printf("child %d: %s", command.Process.Pid, answer)
	return command.Wait()
}

func main() {
	role := parent
	if len(os.Args) > 1 {
		role = child
	}
	if err := role(); err != nil {
		log.Fatal(err)
	}
}
