/*
 * Follows what a process does to names, and kills it right before one such step: loaded into it with LD_PRELOAD.
 *
 *   STEPS_TRACE    a file: a line for each step that was done, `rename FROM TO`, `unlink PATH`, `mkdir PATH`, `fsync PATH`
 *   STEPS_KILL_AT  the step, from 1 on, before which the process is killed; syncs are not counted
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int trace = -1;
static long kill_at, steps;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("STEPS_TRACE"), *at = getenv("STEPS_KILL_AT");
    if (path)
        trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (at)
        kill_at = atol(at);
}

static void step(void)
{
    if (__atomic_add_fetch(&steps, 1, __ATOMIC_SEQ_CST) == kill_at)
        raise(SIGKILL);
}

static int told(int result, const char *what, const char *path, const char *to)
{
    if (trace >= 0 && result == 0)
        dprintf(trace, "%s %s%s%s\n", what, path, to ? " " : "", to ? to : "");
    return result;
}

int rename(const char *from, const char *to)
{
    static int (*next)(const char *, const char *);
    if (!next)
        next = dlsym(RTLD_NEXT, "rename");
    step();
    return told(next(from, to), "rename", from, to);
}

int unlink(const char *path)
{
    static int (*next)(const char *);
    if (!next)
        next = dlsym(RTLD_NEXT, "unlink");
    step();
    return told(next(path), "unlink", path, NULL);
}

int mkdir(const char *path, mode_t mode)
{
    static int (*next)(const char *, mode_t);
    if (!next)
        next = dlsym(RTLD_NEXT, "mkdir");
    step();
    return told(next(path, mode), "mkdir", path, NULL);
}

int fsync(int file)
{
    static int (*next)(int);
    char link[64], path[PATH_MAX];
    if (!next)
        next = dlsym(RTLD_NEXT, "fsync");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return told(next(file), "fsync", path, NULL);
}
