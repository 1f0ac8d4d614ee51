/* Shares of classes and groups in the parts of a split. */
#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void split_round(int64_t n, const double *wish, int parts, int64_t *size)
{
    double sum = 0, left[SPLIT_PARTS];
    int64_t given = 0;
    for (int p = 0; p < parts; p++)
        sum += wish[p];
    for (int p = 0; p < parts; p++) {
        const double ideal = sum > 0 ? (double)n * (wish[p] / sum) : 0;
        size[p] = (int64_t)floor(ideal + 1e-9); /* 0.1 of 30 rows is 3 */
        left[p] = wish[p] > 0 ? ideal - (double)size[p] : -2;
        given += size[p];
    }
    for (; given < n; given++) {
        int best = 0;
        for (int p = 1; p < parts; p++)
            if (left[p] > left[best])
                best = p;
        size[best]++;
        left[best] -= 1;
    }
}

/* ---- classes ---- */

/* A class: its rows, and how many each part gets: the share rounded down, and one more where up is true. */
struct class
{
    int64_t first, n;
    int64_t base[SPLIT_PARTS];
    double left[SPLIT_PARTS]; /* what rounding down left out; 0: it may not be rounded up */
    bool up[SPLIT_PARTS];
    int64_t short_of; /* rows that no part has yet */
};

/* One place that may be rounded up. */
struct place {
    double left;
    int64_t class;
    int part;
};

static int by_left(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->left < y->left || x->left > y->left)
        return x->left > y->left ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return x->part - y->part;
}

static int64_t find_classes(const struct split_row *row, int64_t rows, struct class *class)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (i == 0 || row[i].label != row[i - 1].label)
            class[n++] = (struct class){.first = i};
        class[n - 1].n++;
    }
    return n;
}

/* The exact share n_c s / n, in whole numbers: its floor, and the fraction that is left. need[p]: what part p still misses. */
static void round_down(struct class *class, int64_t n, int64_t rows, const int64_t *size, int64_t *need)
{
    memcpy(need, size, SPLIT_PARTS * sizeof *need);
    for (int64_t c = 0; c < n; c++) {
        class[c].short_of = class[c].n;
        for (int p = 0; p < SPLIT_PARTS; p++) {
            __extension__ typedef __int128 wide;
            const wide product = (wide) class[c].n * size[p];
            class[c].base[p] = (int64_t)(product / rows);
            class[c].left[p] = (double)(int64_t)(product % rows) / (double)rows;
            class[c].short_of -= class[c].base[p];
            need[p] -= class[c].base[p];
        }
    }
}

/* Rounds up the largest remainders while both the class and the part miss a row. */
static bool round_up(struct class *class, int64_t n, int64_t *need)
{
    struct place *place = malloc((size_t)n * SPLIT_PARTS * sizeof *place);
    if (!place)
        return false;
    size_t places = 0;
    for (int64_t c = 0; c < n; c++)
        for (int p = 0; p < SPLIT_PARTS; p++)
            if (class[c].left[p] > 0)
                place[places++] = (struct place){class[c].left[p], c, p};
    qsort(place, places, sizeof *place, by_left);
    for (size_t i = 0; i < places; i++) {
        struct class *at = &class[place[i].class];
        if (at->short_of > 0 && need[place[i].part] > 0) {
            at->up[place[i].part] = true;
            at->short_of--;
            need[place[i].part]--;
        }
    }
    free(place);
    return true;
}

/* The class that would round up part `to` in place of `from`. */
static int64_t who_moves(const struct class *class, int64_t n, int from, int to)
{
    for (int64_t c = 0; c < n; c++)
        if (class[c].up[from] && !class[c].up[to] && class[c].left[to] > 0)
            return c;
    return -1;
}

/* Gives class c one row more, in a part that has all it needs, while other classes move one on, from part to part, to one that
   misses a row: an augmenting path of a flow from classes to parts, found breadth first. There always is one, because the exact
   shares are a flow that fills everything. */
static void augment(struct class *class, int64_t n, int64_t c, int64_t *need)
{
    int came_from[SPLIT_PARTS], queue[SPLIT_PARTS], head = 0, tail = 0, at = -1;
    int64_t mover[SPLIT_PARTS] = {0};
    for (int p = 0; p < SPLIT_PARTS; p++) {
        const bool open = !class[c].up[p] && class[c].left[p] > 0;
        came_from[p] = open ? p : -1;
        if (open)
            queue[tail++] = p;
    }
    while (head < tail && need[at = queue[head++]] == 0)
        for (int p = 0; p < SPLIT_PARTS; p++)
            if (came_from[p] < 0 && (mover[p] = who_moves(class, n, at, p)) >= 0) {
                came_from[p] = at;
                queue[tail++] = p;
            }
    if (at < 0 || need[at] == 0)
        return;
    need[at]--;
    for (; came_from[at] != at; at = came_from[at]) {
        class[mover[at]].up[at] = true;
        class[mover[at]].up[came_from[at]] = false;
    }
    class[c].up[at] = true;
    class[c].short_of--;
}

static void assign(struct split_row *row, const struct class *class)
{
    int64_t at = class->first;
    for (int p = 0; p < SPLIT_PARTS; p++)
        for (int64_t k = class->base[p] + class->up[p]; k > 0; k--)
            row[at++].part = p;
}

bool split_classes(struct split_row *row, int64_t rows, const int64_t *size)
{
    struct class *class = malloc(((size_t)rows + 1) * sizeof *class);
    if (!class)
        return false;
    int64_t need[SPLIT_PARTS];
    const int64_t n = find_classes(row, rows, class);
    round_down(class, n, rows, size, need);
    const bool done = n == 0 || round_up(class, n, need);
    for (int64_t c = 0; done && c < n; c++) {
        while (class[c].short_of > 0) {
            const int64_t before = class[c].short_of;
            augment(class, n, c, need);
            if (class[c].short_of == before)
                break;
        }
    }
    for (int64_t c = 0; done && c < n; c++)
        assign(row, &class[c]);
    free(class);
    return done;
}

/* ---- groups ---- */

struct group {
    int64_t first, n, place; /* place: where its first row stood in the random order */
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static int64_t find_groups(const struct split_row *row, int64_t rows, struct group *group)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (i == 0 || row[i].label != row[i - 1].label)
            group[n++] = (struct group){i, 0, row[i].place};
        group[n - 1].n++;
    }
    qsort(group, (size_t)n, sizeof *group, by_size);
    return n;
}

/* Largest first, each to the part that misses most. A part that should have nothing gets nothing. */
bool split_groups(struct split_row *row, int64_t rows, const int64_t *size, int64_t parts)
{
    struct group *group = malloc(((size_t)rows + 1) * sizeof *group);
    int64_t *need = malloc((size_t)parts * sizeof *need);
    const int64_t n = group && need ? find_groups(row, rows, group) : 0;
    if (group && need)
        memcpy(need, size, (size_t)parts * sizeof *need);
    for (int64_t g = 0; g < n; g++) {
        int64_t best = -1;
        for (int64_t p = 0; p < parts; p++)
            if (size[p] > 0 && (best < 0 || need[p] > need[best]))
                best = p;
        need[best] -= group[g].n;
        for (int64_t i = 0; i < group[g].n; i++)
            row[group[g].first + i].part = best;
    }
    const bool done = group && need;
    free(group);
    free(need);
    return done;
}
