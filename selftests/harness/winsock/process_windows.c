// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "process.h"

struct process {
	HANDLE process;
	DWORD id;
	HANDLE to;
	HANDLE from;
};

static bool write_all(HANDLE file, const char *data, size_t size)
{
	DWORD n;

	while (size) {
		if (!WriteFile(file, data, size, &n, NULL))
			return false;
		data += n;
		size -= n;
	}
	return true;
}

static bool read_all(HANDLE file, char *data, size_t size)
{
	DWORD n;

	while (size) {
		if (!ReadFile(file, data, size, &n, NULL) || !n)
			return false;
		data += n;
		size -= n;
	}
	return true;
}

/* A pipe of which the child inherits one end. */
static bool make_pipe(HANDLE *read, HANDLE *write, HANDLE *inherited)
{
	return CreatePipe(read, write, NULL, 0) &&
	       SetHandleInformation(*inherited, HANDLE_FLAG_INHERIT,
				    HANDLE_FLAG_INHERIT);
}

/* Of all that is inheritable, sockets included, the child gets two handles. */
static bool create(struct process *process, const char *argument,
		   HANDLE inherited[2])
{
	STARTUPINFOEXA startup = { .StartupInfo.cb = sizeof(startup) };
	PROCESS_INFORMATION information;
	char path[MAX_PATH], command[64];
	char room[256];
	SIZE_T size = sizeof(room);
	BOOL created;

	GetModuleFileNameA(NULL, path, sizeof(path));
	snprintf(command, sizeof(command), "partner %s", argument);
	startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
	startup.StartupInfo.hStdInput = inherited[0];
	startup.StartupInfo.hStdOutput = inherited[1];
	startup.lpAttributeList = (void *)room;
	if (!InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0,
					       &size) ||
	    !UpdateProcThreadAttribute(startup.lpAttributeList, 0,
				       PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
				       inherited, 2 * sizeof(HANDLE), NULL,
				       NULL))
		return false;
	created = CreateProcessA(path, command, NULL, NULL, TRUE,
				 EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
				 &startup.StartupInfo, &information);
	DeleteProcThreadAttributeList(startup.lpAttributeList);
	if (!created)
		return false;
	CloseHandle(information.hThread);
	process->process = information.hProcess;
	process->id = information.dwProcessId;
	return true;
}

struct process *process_start(const char *argument)
{
	struct process *process = malloc(sizeof(*process));
	HANDLE theirs[2];

	if (!process || !make_pipe(&theirs[0], &process->to, &theirs[0]) ||
	    !make_pipe(&process->from, &theirs[1], &theirs[1]) ||
	    !create(process, argument, theirs))
		return NULL;
	CloseHandle(theirs[0]);
	CloseHandle(theirs[1]);
	return process;
}

unsigned int process_id(const struct process *process)
{
	return process->id;
}

bool process_write(struct process *process, const void *data, size_t size)
{
	return write_all(process->to, data, size);
}

bool process_read(struct process *process, void *data, size_t size)
{
	return read_all(process->from, data, size);
}

int process_end(struct process *process)
{
	DWORD status;

	CloseHandle(process->to);
	CloseHandle(process->from);
	WaitForSingleObject(process->process, INFINITE);
	GetExitCodeProcess(process->process, &status);
	CloseHandle(process->process);
	free(process);
	return status > 255 ? -1 : (int)status;
}

bool process_read_input(void *data, size_t size)
{
	return read_all(GetStdHandle(STD_INPUT_HANDLE), data, size);
}

bool process_write_output(const void *data, size_t size)
{
	return write_all(GetStdHandle(STD_OUTPUT_HANDLE), data, size);
}

void process_prepare(void)
{
	_setmode(_fileno(stdout), _O_BINARY);
}

bool process_module_is_there(void)
{
	return true;
}

/* A socket is opened for overlapped I/O, so it takes an event to wait. */
static int transfer(HANDLE file, OVERLAPPED *overlapped, BOOL started)
{
	DWORD n = 0;

	if (!started && GetLastError() != ERROR_IO_PENDING)
		return -1;
	return GetOverlappedResult(file, overlapped, &n, TRUE) ? (int)n : -1;
}

int process_read_socket(uintptr_t socket, void *data, size_t size)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	HANDLE file = (HANDLE)socket;

	return transfer(file, &overlapped,
			ReadFile(file, data, size, NULL, &overlapped));
}

int process_write_socket(uintptr_t socket, const void *data, size_t size)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	HANDLE file = (HANDLE)socket;

	return transfer(file, &overlapped,
			WriteFile(file, data, size, NULL, &overlapped));
}
