/*
 * What a disk surely holds of one directory, kept beside it: loaded into a process with LD_PRELOAD.
 *
 * A file's content is sure as it was at its last successful fsync or fdatasync. A name (and that one is gone)
 * is sure as of the directory's last sync. All else may be lost with the power. That is what POSIX
 * promises, and less than most file systems hold.
 *
 *   DURABLE_DATA       the directory; what is in it when the process starts counts as held
 *   DURABLE_IMAGE      an empty directory for the image: a file for each content, named by the inode's number
 *                      and time of birth, and `names`, a line "content name" for each sure name
 *   DURABLE_WAL_SYNCS  a disk that lies: only so many syncs of files that end in "-wal" are heeded
 *
 * Every part of the image is written under another name and then renamed, so that it is whole whenever
 * the process is killed. Other than by a sync, nothing is ever added to it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int data = -1, image = -1;
static struct stat data_stat;
static long wal_syncs = LONG_MAX;

/* An image that is not right must not be taken for one. */
static void check(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        abort();
    }
}

/* What names a content: an inode's number alone may be given again to another file. False: no such file. */
static int name_content(int directory, const char *name, int flags, char key[64])
{
    struct statx found;
    int is_there = statx(directory, name, flags, STATX_INO | STATX_BTIME, &found) == 0;
    check(is_there || errno == ENOENT, "durable: statx");
    if (!is_there)
        return 0;
    snprintf(key, 64, "%llu-%lld.%09u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
             found.stx_btime.tv_nsec);
    return 1;
}

/* Reads by this very descriptor: to close another one would lift the process's locks on the file. */
static void keep_content(int file)
{
    static char buffer[1 << 20];
    char key[64], new_key[68];
    check(name_content(file, "", AT_EMPTY_PATH, key), "durable: statx");
    snprintf(new_key, sizeof new_key, "%s.new", key);
    int copy = openat(image, new_key, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check(copy >= 0, "durable: copy");
    for (off_t at = 0;;) {
        ssize_t length = pread(file, buffer, sizeof buffer, at);
        check(length >= 0, "durable: pread");
        if (length == 0)
            break;
        check(write(copy, buffer, length) == length, "durable: write");
        at += length;
    }
    check(close(copy) == 0, "durable: close");
    check(renameat(image, new_key, image, key) == 0, "durable: rename");
}

/* False: another thread took a name away meanwhile, or gave it to another file. */
static int could_keep_names(void)
{
    int listed = openat(image, "names.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FILE *names = listed < 0 ? NULL : fdopen(listed, "w");
    int again = openat(data, ".", O_RDONLY | O_DIRECTORY);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    check(names && directory, "durable: names");
    int all_there = 1;
    for (struct dirent *entry; all_there && (entry = readdir(directory));) {
        if (entry->d_type == DT_REG) {
            char key[64];
            all_there = name_content(data, entry->d_name, 0, key);
            if (all_there)
                fprintf(names, "%s %s\n", key, entry->d_name);
        }
    }
    closedir(directory);
    check(fclose(names) == 0, "durable: names");
    if (all_there)
        check(renameat(image, "names.new", image, "names") == 0, "durable: rename");
    return all_there;
}

static void keep_names(void)
{
    while (!could_keep_names())
        continue;
}

/* Whether an open file is in the directory, and which. */
static int is_ours(const char *link, const char **name, char path[PATH_MAX])
{
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    *slash = 0;
    *name = slash + 1;
    struct stat found;
    return stat(path, &found) == 0 && found.st_dev == data_stat.st_dev && found.st_ino == data_stat.st_ino;
}

static int ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static void synced(int file)
{
    struct stat found;
    if (data < 0 || fstat(file, &found) != 0)
        return;
    pthread_mutex_lock(&one_at_a_time);
    char link[32], path[PATH_MAX];
    const char *name;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (S_ISDIR(found.st_mode)) {
        if (found.st_dev == data_stat.st_dev && found.st_ino == data_stat.st_ino)
            keep_names();
    } else if (S_ISREG(found.st_mode) && is_ours(link, &name, path)) {
        /* A file that is only written has no locks that another descriptor could lift. */
        int write_only = (fcntl(file, F_GETFL) & O_ACCMODE) == O_WRONLY;
        int readable = write_only ? open(link, O_RDONLY | O_CLOEXEC) : file;
        if (!ends_with(name, "-wal") || wal_syncs-- > 0)
            keep_content(readable);
        if (write_only)
            close(readable);
    }
    pthread_mutex_unlock(&one_at_a_time);
}

__attribute__((constructor)) static void start(void)
{
    const char *data_path = getenv("DURABLE_DATA"), *image_path = getenv("DURABLE_IMAGE");
    const char *heeded = getenv("DURABLE_WAL_SYNCS");
    if (!data_path || !image_path)
        return;
    data = open(data_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    image = open(image_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(data >= 0 && image >= 0 && fstat(data, &data_stat) == 0, "durable: directories");
    if (heeded)
        wal_syncs = atol(heeded);
    int again = openat(data, ".", O_RDONLY | O_DIRECTORY);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    check(directory != NULL, "durable: directory");
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_type == DT_REG) {
            int file = openat(data, entry->d_name, O_RDONLY);
            check(file >= 0, "durable: file");
            keep_content(file);
            close(file);
        }
    }
    closedir(directory);
    keep_names();
}

int fsync(int file)
{
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = sync(file);
    if (result == 0)
        synced(file);
    return result;
}

int fdatasync(int file)
{
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = sync(file);
    if (result == 0)
        synced(file);
    return result;
}
