/* LD_PRELOAD: where the last fsync of the append-only file ended, written beside it. What lies behind is lost when the
   power fails. CHAOS_FSYNC is the file that gets "<size> <path>"; the server calls fdatasync on Linux, fsync elsewhere. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(int fd, long size) {
    char link[64], path[4096], line[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (!strstr(path, ".aof") || strstr(path, ".manifest")) return;
    int side = open(getenv("CHAOS_FSYNC"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int written = snprintf(line, sizeof line, "%ld %s\n", size, path);
    if (side >= 0) {
        if (write(side, line, written) != written) abort();
        close(side);
    }
}

static int synced(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    long size = fstat(fd, &before) ? -1 : (long)before.st_size; /* what is written while it syncs may be lost */
    int result = real(fd);
    if (result == 0 && size >= 0) note(fd, size);
    return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }
