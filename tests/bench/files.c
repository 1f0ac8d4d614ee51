/* A model of a gigabyte saved and loaded, beside dd, which writes and reads a file of the same size on the same disk: gigabytes a second,
   by turns, medians. dd copies what wg_save wrote. Reading begins with an empty cache of the file (posix_fadvise).
   usage: bench-files [DIRECTORY [ROUNDS]] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <wengert.h>

enum { TENSORS = 16, ELEMENTS = 1 << 24, MAX_ROUNDS = 15 }; /* 16 of 64 MiB */
enum { SAVE, DD_WRITE, LOAD, DD_READ, KINDS };
static const char *const label[KINDS] = {"wg_save", "dd, writing", "wg_load", "dd, reading"};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void forget(const char *path)
{
    const int descriptor = open(path, O_RDONLY);
    if (descriptor < 0 || posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) != 0)
        fprintf(stderr, "%s may be in the cache\n", path);
    if (descriptor >= 0)
        close(descriptor);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of one round; negative: it failed. */
static double measure(int kind, const char *directory, wg_tensor_list model)
{
    char path[500], other[500], command[1200];
    snprintf(path, sizeof path, "%s/wengert-bench.model", directory),
        snprintf(other, sizeof other, "%s/wengert-bench.dd", directory);
    if (kind == DD_WRITE) /* from the cache: it was written just now */
        snprintf(command, sizeof command, "dd if='%s' of='%s' bs=1M conv=fsync 2>/dev/null", path, other);
    else
        snprintf(command, sizeof command, "dd if='%s' of=/dev/null bs=1M 2>/dev/null", path);
    if (kind == LOAD || kind == DD_READ)
        forget(path);
    const double start = now();
    const bool good = kind == SAVE   ? wg_save(path, model) == WG_OK
                      : kind == LOAD ? wg_load(path, model) == WG_OK
                                     : system(command) == 0;
    const double seconds = now() - start;
    if (kind == DD_WRITE)
        unlink(other);
    return good ? seconds : -1;
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "/tmp";
    const int rounds = argc > 2 ? atoi(argv[2]) : 5;
    wg_tensor *tensor[TENSORS];
    char text[TENSORS][20], path[500];
    const char *name[TENSORS];
    static double seconds[KINDS][MAX_ROUNDS];
    bool good = rounds >= 1 && rounds <= MAX_ROUNDS;
    for (int i = 0; i < TENSORS; i++) {
        tensor[i] = wg_ones(WG_F32, WG_SHAPE(ELEMENTS));
        snprintf(text[i], sizeof text[i], "weight%d", i);
        name[i] = text[i];
        good = good && tensor[i];
    }
    for (int round = 0; round < rounds && good; round++)
        for (int kind = 0; kind < KINDS && good; kind++) {
            seconds[kind][round] = measure(kind, directory, (wg_tensor_list){TENSORS, tensor, name});
            good = seconds[kind][round] >= 0;
        }
    for (int kind = 0; kind < KINDS && good; kind++) {
        qsort(seconds[kind], (size_t)rounds, sizeof **seconds, by_value);
        printf("%-12s %6.2f GB/s\n", label[kind], 4.0 * ELEMENTS * TENSORS / 1e9 / seconds[kind][rounds / 2]);
    }
    snprintf(path, sizeof path, "%s/wengert-bench.model", directory);
    unlink(path);
    for (int i = 0; i < TENSORS; i++)
        wg_free(tensor[i]);
    return good ? 0 : wg_error_report(stderr) ? 1 : 2;
}
