/* A process that is killed while it saves, at a random time, again and again: the file, and that of the save before, are whole. A program
   that writes in place leaves torn files. WENGERT_LONG=1 kills ten times as many. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nn_check.h"

enum { MANY = 1 << 18, KILLS = 100 };
static char folder[] = "/tmp/wengert-kills-XXXXXX", path[100], previous[100];

enum way { IN_PLACE, SAVE, RUN };

/* Writes values that are all n over the file, in pieces, so that at most moments it is of two saves. */
static void write_in_place(int n)
{
    float piece[64];
    char header[100];
    const int length = snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}", MANY,
                                4 * MANY);
    const uint64_t size = (uint64_t)length;
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++)
        piece[i] = (float)n;
    FILE *stream = fopen(path, "wb");
    fwrite(&size, 8, 1, stream), fwrite(header, 1, (size_t)length, stream);
    for (size_t i = 0; i < MANY / (sizeof piece / sizeof *piece); i++) {
        fwrite(piece, sizeof piece, 1, stream);
        fflush(stream);
    }
    fclose(stream);
}

/* Saves values that are all n, n = 0, 1, …, until it is killed. */
static void save_for_ever(enum way way)
{
    wg_tensor *t = wg_zeros(WG_F32, WG_SHAPE(MANY));
    const char *name = "t";
    wg_run *run = wg_run_create();
    if (!run || wg_run_add_tensor(run, "t", t) != WG_OK)
        _exit(1);
    for (int n = 0;; n++) {
        if (way == IN_PLACE) {
            write_in_place(n);
            continue;
        }
        for (int i = 0; i < MANY; i++)
            ((float *)wg_data_mut(t))[i] = (float)n;
        if ((way == SAVE ? wg_save(path, ((wg_tensor_list){1, &t, &name})) : wg_run_save(run, path)) != WG_OK)
            _exit(1);
    }
}

/* Readable, and of one save; *n: which one. */
static bool is_whole(const char *file_name, float *n)
{
    wg_file *file = wg_file_read(file_name);
    const float *values = file ? wg_data_as(wg_file_tensor(file, "t"), float) : NULL;
    bool whole = values != NULL;
    for (int i = 1; i < MANY && whole; i++)
        whole = values[i] == values[0];
    *n = whole ? values[0] : 0;
    wg_file_destroy(file);
    (void)wg_error_take(NULL);
    return whole;
}

/* A checkpoint has the hash of its data, too, and the file before it is of the save before, or is the same one. */
static bool is_sound(enum way way)
{
    float last, before;
    if (!is_whole(path, &last))
        return false;
    if (way != RUN)
        return true;
    wg_tensor *t = wg_zeros(WG_F32, WG_SHAPE(MANY));
    wg_run *run = wg_run_create();
    const bool loads = wg_run_add_tensor(run, "t", t) == WG_OK && wg_run_load(run, path) == WG_OK;
    wg_run_destroy(run), wg_free(t);
    if (access(previous, F_OK) != 0)
        return loads && last <= 1;
    return loads && is_whole(previous, &before) && last - before >= 0 && last - before <= 1;
}

/* Of the files that killed processes left, how many are not sound. */
static int torn_files(enum way way, int kills)
{
    int torn = 0;
    struct stat about;
    for (int k = 0; k < kills; k++) {
        (void)unlink(path), (void)unlink(previous); /* the numbers begin again */
        const pid_t child = fork();
        if (child == 0)
            save_for_ever(way);
        while (stat(path, &about) != 0)
            usleep(100);
        usleep((unsigned)(500 + (k * 331 + rand()) % 6000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_true(waitpid(child, NULL, 0) == child);
        torn += !is_sound(way);
    }
    (void)unlink(path), (void)unlink(previous);
    return torn;
}

static int number_of_kills(void)
{
    return getenv("WENGERT_LONG") ? 10 * KILLS : KILLS;
}

static void killed_while_saving_a_model(void **state)
{
    (void)state;
    assert_int_equal(torn_files(SAVE, number_of_kills() / 4), 0);
    assert_no_error();
}

static void killed_while_saving_a_run(void **state)
{
    (void)state;
    assert_int_equal(torn_files(RUN, number_of_kills()), 0);
    assert_no_error();
}

static void writing_in_place_tears_files(void **state)
{
    (void)state;
    assert_true(torn_files(IN_PLACE, 20) > 0);
    assert_no_error();
}

static int make_folder(void **state)
{
    (void)state;
    srand((unsigned)time(NULL)); /* other moments each time */
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a", folder), snprintf(previous, sizeof previous, "%s/a.prev", folder);
    return 0;
}

/* What a killed process was writing stays beside the file, under a name that begins with a point. */
static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writing_in_place_tears_files),
        TEST(killed_while_saving_a_model),
        TEST(killed_while_saving_a_run),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
