/** What a printed program needs around its calls. */

/** Descriptors and mappings have the numbers they were recorded with; `fd_of` gives this program's. Memory of guests is made where it is first named. */
export const HEAD = `/* Repeats a recorded conversation with KVM, and says which results are other ones. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 1024
#define UNUSED __attribute__((unused))

static int fds[MOST];
static struct { unsigned char *bytes; size_t length; int fd; size_t offset; } mappings[MOST];
static struct { uint64_t address, size; unsigned char *bytes; } memories[MOST];
static int memory_count;
static int differences;

static UNUSED int fd_of(int recorded)
{
  return recorded >= 3 && recorded < MOST && fds[recorded] ? fds[recorded] - 1 : recorded < 3 ? recorded : 1000000 + recorded;
}

static UNUSED long answer(long value)
{
  return value < 0 ? -errno : value;
}

static UNUSED void result(int call, const char *what, long expected, long found)
{
  if (expected == found)
    return;
  printf("%d %s: recorded %ld, here %ld (%s)\\n", call, what, expected, found, found < 0 ? strerror((int)-found) : "done");
  differences++;
}

static UNUSED void made(int recorded, int fd)
{
  if (recorded >= 0 && recorded < MOST)
    fds[recorded] = fd + 1;
}

/* Descriptors are numbered by the program; that there is one is all that counts. */
static UNUSED long opened(long recorded, long fd)
{
  if (fd < 0)
    return fd == -1 ? -errno : fd;
  if (recorded < 0)
    return fd;
  made((int)recorded, (int)fd);
  return recorded;
}

static UNUSED void compare(int call, const char *what, const unsigned char *expected, const unsigned char *found, size_t length)
{
  for (size_t n = 0; n < length; n++) {
    if (expected[n] == found[n])
      continue;
    printf("%d %s: byte %zu: recorded %02x, here %02x\\n", call, what, n, expected[n], found[n]);
    differences++;
    return;
  }
}

static UNUSED void put64(unsigned char *bytes, size_t offset, uint64_t value)
{
  memcpy(bytes + offset, &value, sizeof value);
}

static UNUSED void put32(unsigned char *bytes, size_t offset, uint32_t value)
{
  memcpy(bytes + offset, &value, sizeof value);
}

static UNUSED uint32_t get32(const unsigned char *bytes, size_t offset)
{
  uint32_t value;
  memcpy(&value, bytes + offset, sizeof value);
  return value;
}

/* Memory that guests get, by the address it had. */
static UNUSED unsigned char *guest_memory(uint64_t address, uint64_t size)
{
  for (int n = 0; n < memory_count; n++) {
    if (address >= memories[n].address && address + size <= memories[n].address + memories[n].size)
      return memories[n].bytes + (address - memories[n].address);
  }
  if (memory_count == MOST || size == 0 || (address & 4095) != 0)
    return (unsigned char *)(uintptr_t)address;
  uint64_t whole = (size + 4095) & ~(uint64_t)4095;
  void *bytes = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  memories[memory_count].address = address;
  memories[memory_count].size = whole;
  memories[memory_count].bytes = bytes;
  return memories[memory_count++].bytes;
}

static UNUSED void store(uint64_t address, const unsigned char *bytes, size_t length)
{
  uint64_t page = address & ~(uint64_t)4095;
  memcpy(guest_memory(page, address - page + length) + (address - page), bytes, length);
}

static UNUSED long mapped(int mapping, size_t length, int fd, size_t offset)
{
  void *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_of(fd), (off_t)offset);
  if (bytes == MAP_FAILED)
    return -errno;
  if (mapping >= 0 && mapping < MOST) {
    mappings[mapping].bytes = bytes;
    mappings[mapping].length = length;
    mappings[mapping].fd = fd;
    mappings[mapping].offset = offset;
  }
  return 0;
}

static UNUSED long unmapped(int mapping)
{
  if (mapping < 0 || mapping >= MOST || !mappings[mapping].bytes)
    return -EINVAL;
  long value = answer(munmap(mappings[mapping].bytes, mappings[mapping].length));
  mappings[mapping].bytes = NULL;
  return value;
}

static UNUSED unsigned char *run_of(int fd)
{
  for (int n = 0; n < MOST; n++) {
    if (mappings[n].bytes && mappings[n].fd == fd && mappings[n].offset == 0)
      return mappings[n].bytes;
  }
  return NULL;
}

static UNUSED void run_store(int fd, size_t offset, const unsigned char *bytes, size_t length)
{
  unsigned char *run = run_of(fd);
  if (run)
    memcpy(run + offset, bytes, length);
}

static UNUSED void run_compare(int call, int fd, size_t offset, const unsigned char *expected, size_t length)
{
  unsigned char *run = run_of(fd);
  if (run)
    compare(call, "kvm_run", expected, run + offset, length);
}
`;

export const TAIL = `
  printf("%d differences\\n", differences);
  return differences ? 1 : 0;
}
`;
