/* Logs in CSV. A file that is resumed is read once, before the first row, and cut to what was there before it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "wengert/error.h"

static const int64_t max_size = (int64_t)256 << 20;

/* ---- a file that is there ---- */

/* The file as text with a NUL behind it; NULL and the error. */
static char *read_file(const wg_train_log *log, size_t *size, const char *op)
{
    struct stat status;
    if (fstat(log->descriptor, &status) != 0) {
        (void)log_failed(log, "asking for its size", errno, op);
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > max_size) {
        (void)wg_error_set(WG_E_IO, op, "%s: %s: expected a regular file of at most 256 MiB to resume", op, log->path);
        return NULL;
    }
    char *text = malloc((size_t)status.st_size + 1);
    if (!text)
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    size_t done = 0;
    for (ssize_t some = 1; text && done < (size_t)status.st_size && some != 0; done += some > 0 ? (size_t)some : 0) {
        some = pread(log->descriptor, text + done, (size_t)status.st_size - done, (off_t)done);
        if (some < 0 && errno != EINTR) {
            (void)log_failed(log, "reading", errno, op);
            free(text);
            return NULL;
        }
    }
    if (text)
        text[done] = 0;
    *size = done;
    return text;
}

static size_t count_commas(const char *text, const char *end)
{
    size_t n = 0;
    for (; text < end; text++)
        n += *text == ',';
    return n;
}

/* *keep: the bytes of the header and of the rows before epoch. */
static wg_status find_end(const wg_train_log *log, const char *text, size_t size, int64_t epoch, int64_t *keep, const char *op)
{
    const size_t header = strlen(log->header);
    *keep = 0;
    if (size < header && memcmp(text, log->header, size) == 0) /* empty, or torn in its first line */
        return WG_OK;
    if (size < header || memcmp(text, log->header, header) != 0)
        return wg_error_set(WG_E_IO, op, "%s: %s: expected the columns %.*s to resume, got %.*s", op, log->path, (int)header - 1,
                            log->header, (int)strcspn(text, "\n") < 100 ? (int)strcspn(text, "\n") : 100, text);
    const size_t columns = count_commas(log->header, log->header + header); /* but one */
    size_t at = header;
    for (int line = 2;; line++) {
        const char *end = memchr(text + at, '\n', size - at);
        char *rest;
        errno = 0;
        const long long number = end ? strtoll(text + at, &rest, 10) : INT64_MAX;
        if (end && (rest == text + at || (*rest != ',' && *rest != '\n') || errno != 0))
            return wg_error_set(WG_E_IO, op, "%s: %s, line %d: expected an epoch to resume behind, got \"%.20s\"", op, log->path,
                                line, text + at);
        if (!end || number >= epoch)
            break;
        if (count_commas(text + at, end) != columns)
            return wg_error_set(WG_E_IO, op, "%s: %s, line %d: expected %zu columns to resume behind, got %zu", op, log->path, line,
                                columns + 1, count_commas(text + at, end) + 1);
        at = (size_t)(end - text) + 1;
    }
    *keep = (int64_t)at;
    return WG_OK;
}

static wg_status cut(wg_train_log *log, int64_t epoch, const char *op)
{
    size_t size = 0;
    int64_t keep = 0;
    char *text = read_file(log, &size, op);
    if (!text)
        return wg_error_first()->code;
    const wg_status status = find_end(log, text, size, epoch, &keep, op);
    free(text);
    if (status != WG_OK)
        return status;
    if (ftruncate(log->descriptor, keep) != 0 || lseek(log->descriptor, keep, SEEK_SET) < 0)
        return log_failed(log, "removing rows that are written again", errno, op);
    log->size = keep;
    log->resume = false;
    return WG_OK;
}

/* ---- rows ---- */

static wg_status write_row(wg_train_log *log, int64_t epoch, const wg_train_value *value, size_t n, const char *op)
{
    if (log->resume)
        WG_TRY(cut(log, epoch, op));
    const size_t header = log->size == 0 ? strlen(log->header) : 0;
    char *text = malloc(header + (n + 1) * (NUMBER_SIZE + 1));
    if (!text)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    memcpy(text, log->header, header);
    char *at = text + header + sprintf(text + header, "%lld", (long long)epoch);
    for (size_t i = 0; i < n; i++) {
        *at++ = ',';
        log_number(at, value[i].value);
        at += strlen(at);
    }
    *at++ = '\n';
    const wg_status status = log_append(log, text, (size_t)(at - text), op);
    free(text);
    return status;
}

wg_train_log *wg_train_log_csv_with(const char *path, wg_train_log_options options)
{
    static const struct log_kind csv = {write_row};
    const char *op = "train_log_csv";
    wg_train_log *log = log_make(&csv, path, op);
    if (!log)
        return NULL;
    log->resume = options.resume;
    log->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (options.resume ? 0 : O_TRUNC), 0666);
    if (log->descriptor >= 0)
        return log;
    (void)log_failed(log, "opening", errno, op);
    wg_train_log_destroy(log);
    return NULL;
}
