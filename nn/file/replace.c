/* Replacing a file. The new one is written beside the old one, in the same directory, since a name can be given to another file
   at once only within a file system; it is brought to the disk before it takes the name, and the directory after that. What
   failed to reach the disk once is not tried again: the next try may succeed with data lost. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wengert/error.h"

enum { PIECE = 8 << 20 };

static wg_status failed(const struct replacement *r, const char *what, int code)
{
    return wg_error_set(WG_E_IO, r->op, "%s: %s: %s: %s", r->op, r->path, what, strerror(code));
}

/* The path's directory and name, and a name that no other process takes. */
static wg_status make_names(struct replacement *r)
{
    const char *slash = strrchr(r->path, '/');
    unsigned number = 0;
    r->name = strdup(slash ? slash + 1 : r->path);
    r->directory = slash == r->path ? strdup("/") : slash ? strndup(r->path, (size_t)(slash - r->path)) : strdup(".");
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (unsigned)errno;
    if (!r->name || !r->directory || asprintf(&r->beside, ".%s.new.%ld.%08x", r->name, (long)getpid(), number) < 0) {
        r->beside = NULL;
        return wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
    }
    return r->name[0] ? WG_OK : wg_error_set(WG_E_ARGUMENT, r->op, "%s: \"%s\" names no file", r->op, r->path);
}

/* Not every file system can; then a disk that is too small is found while writing. */
wg_status replace_reserve(const struct replacement *r, uint64_t size)
{
    int code = 0;
    do
        code = fallocate(r->descriptor, 0, 0, (off_t)size) == 0 ? 0 : errno;
    while (code == EINTR);
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG || code == EIO;
    return full ? failed(r, "reserving its size", code) : WG_OK;
}

/* What is there is replaced only if it is a file itself: a device would be gone, and a link would lead to the new file no more. Its
   permissions stay. */
static wg_status look_at_old(const struct replacement *r, mode_t *mode)
{
    struct stat about;
    if (fstatat(r->folder, r->name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? WG_OK : failed(r, "looking at the file that is there", errno);
    if (S_ISREG(about.st_mode)) {
        *mode = about.st_mode & 07777;
        return WG_OK;
    }
    return wg_error_set(WG_E_IO, r->op, "%s: %s: expected a regular file to replace, got %s", r->op, r->path,
                        S_ISLNK(about.st_mode)   ? "a symbolic link: give the file that it names"
                        : S_ISDIR(about.st_mode) ? "a directory"
                                                 : "a device or the like");
}

wg_status replace_begin(struct replacement *r, const char *path, const char *op)
{
    *r = (struct replacement){.path = path, .op = op, .folder = -1, .descriptor = -1};
    WG_TRY(make_names(r));
    r->folder = open(r->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->folder < 0)
        return failed(r, "opening its directory", errno);
    mode_t mode = 0;
    WG_TRY(look_at_old(r, &mode));
    r->descriptor = openat(r->folder, r->beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode ? 0600 : 0666);
    if (r->descriptor < 0)
        return failed(r, "creating a file beside it", errno);
    return mode && fchmod(r->descriptor, mode) != 0 ? failed(r, "giving it the permissions of the old one", errno) : WG_OK;
}

/* Pieces go to the disk while the next ones are copied: fsync then finds little left to do. What this says of success is not needed,
   since fsync says it, too. */
static void begin_to_write_back(struct replacement *r, size_t some)
{
    r->pending += some;
    if (r->pending < PIECE)
        return;
    (void)sync_file_range(r->descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
    r->pending = 0;
}

wg_status replace_write(struct replacement *r, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        const size_t left = n - done;
        const ssize_t some = write(r->descriptor, (const char *)bytes + done, left < PIECE ? left : PIECE);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return failed(r, "writing", some < 0 ? errno : EIO);
        done += (size_t)some;
        begin_to_write_back(r, (size_t)some);
    }
    return WG_OK;
}

static wg_status close_new(struct replacement *r)
{
    const int code = close(r->descriptor) == 0 || errno == EINTR ? 0 : errno;
    r->descriptor = -1;
    return code == 0 ? WG_OK : failed(r, "closing", code);
}

/* NAME.prev becomes a second name of the old file, which has its own name until the new one takes that: so each of the two names is
   that of a whole file at every moment. */
static wg_status keep_previous(const struct replacement *r)
{
    char *beside = NULL, *previous = NULL;
    if (asprintf(&beside, "%s.old", r->beside) < 0)
        beside = NULL;
    if (asprintf(&previous, "%s.prev", r->name) < 0)
        previous = NULL;
    wg_status status = WG_OK;
    if (!beside || !previous)
        status = wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
    else if (linkat(r->folder, r->name, r->folder, beside, 0) != 0)
        status = errno == ENOENT ? WG_OK : failed(r, "giving the old file a second name", errno);
    else {
        if (renameat(r->folder, beside, r->folder, previous) != 0)
            status = failed(r, "giving the old file the name of the previous one", errno);
        (void)unlinkat(r->folder, beside, 0); /* rename leaves both names if both are of one file already */
    }
    free(beside), free(previous);
    return status;
}

wg_status replace_commit(struct replacement *r)
{
    if (fsync(r->descriptor) != 0)
        return failed(r, "bringing it to the disk", errno);
    WG_TRY(close_new(r));
    if (r->keep_previous)
        WG_TRY(keep_previous(r));
    if (renameat(r->folder, r->beside, r->folder, r->name) != 0)
        return failed(r, "giving the new file its name", errno);
    free(r->beside);
    r->beside = NULL;
    if (fsync(r->folder) == 0 || errno == EINVAL) /* EINVAL: the file system brings no directories to the disk */
        return WG_OK;
    return wg_error_set(WG_E_DURABILITY, r->op,
                        "%s: %s: the new file is in place, but bringing its directory to the disk failed: %s", r->op, r->path,
                        strerror(errno));
}

void replace_end(struct replacement *r)
{
    if (r->descriptor >= 0)
        close(r->descriptor);
    if (r->beside && r->folder >= 0)
        (void)unlinkat(r->folder, r->beside, 0);
    if (r->folder >= 0)
        close(r->folder);
    free(r->beside), free(r->name), free(r->directory);
}
