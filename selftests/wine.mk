# SPDX-License-Identifier: GPL-2.0-only
#
# The test programs of the room winsock as programs for Windows: real Winsock judges
# them. make -f wine.mk O=/where/to/build; tools/winsock runs them.

O ?= $(abspath ../build)
OUTPUT := $(O)/wine/selftests
CROSS ?= x86_64-w64-mingw32-

# What a ws_linux_*.c tests has no counterpart on Windows.
PROGRAMS := $(patsubst winsock/%.c,%,\
	$(filter-out winsock/ws_linux_%,$(wildcard winsock/*.c)))
SHARED := $(patsubst harness/winsock/%.c,%,\
	$(filter-out %_posix.c %_linux.c,$(wildcard harness/winsock/*.c)))

WARNINGS := -Wall -Wextra
WINE_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -MMD -MP -Iharness/winsock \
	-DWIN32_LEAN_AND_MEAN -D_WIN32_WINNT=0x0601
# Static, as wine has no libwinpthread.
WINE_LDLIBS := -static -lmswsock -lws2_32 -luser32 -lpthread

all: $(PROGRAMS:%=$(OUTPUT)/%.exe) $(OUTPUT)/programs

.SECONDARY:

$(OUTPUT):
	mkdir -p $@

vpath %.c winsock harness/winsock
$(OUTPUT)/%.o: %.c | $(OUTPUT)
	$(CROSS)gcc $(WINE_CFLAGS) -c -o $@ $<

$(OUTPUT)/%.exe: $(OUTPUT)/%.o $(SHARED:%=$(OUTPUT)/%.o)
	$(CROSS)gcc -o $@ $^ $(WINE_LDLIBS)

$(OUTPUT)/programs: FORCE | $(OUTPUT)
	@printf '%s\n' $(PROGRAMS) >$@

.PHONY: all FORCE

-include $(wildcard $(OUTPUT)/*.d)
