/* Random sequences of public calls on live handles: tapes, views, donation, drops, backward, hooks and closures that fail,
   checkpoints, captures, reruns, updates, mixed dtypes, allocation failures. Invariants: no sanitizer report; an error has a
   message, a success has none; a failed step changes nothing; no memory is left in use. A failure names its sequence.
   usage: fuzz [--sequences N | --seconds N] [--from SEED] [--verbose]     without arguments for a few seconds, as a test */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "live.h"
#include "world.h"

static uint64_t running; /* the running sequence, for a signal handler */

static void died(int signal_number)
{
    char text[64];
    const int n = snprintf(text, sizeof text, "sequence %llu: signal %d\n", (unsigned long long)running, signal_number);
    if (write(STDOUT_FILENO, text, (size_t)n) < 0)
        _exit(3);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

#ifdef FUZZ_SANITIZED
void __sanitizer_set_death_callback(void (*callback)(void));
static void reported(void)
{
    died(SIGABRT);
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}
#endif

static const struct action *const tables[] = {value_actions, op_actions, tape_actions, function_actions, step_actions};

static const struct action *choose(struct world *w)
{
    int total = 0;
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        for (const struct action *a = tables[k]; a->name; a++)
            total += a->weight;
    int at = below(w, total);
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        for (const struct action *a = tables[k]; a->name; a++)
            if ((at -= a->weight) < 0)
                return a;
    return NULL;
}

static void ordinary_modes(void)
{
    wg_memory_fail(-1, false);
    wg_grad_mode_set(true);
    wg_train_mode_set(true);
    wg_anomaly_set(WG_ANOMALY_OFF);
    wg_check_mode_set(false);
}

enum { LEAST_ACTIONS = 8, MOST_ACTIONS = 31 }; /* in a sequence */

static void finish(struct world *w)
{
    w->doing = "the end";
    ordinary_modes();
    while (w->depth > 0)
        close_tape(w);
    open_tape(w, false); /* fails if an earlier failed opening was never closed */
    if (w->depth == 0)
        broken(w, "no tape can be opened any more");
    close_tape(w);
    if (wg_tape_top())
        broken(w, "a tape is open that nobody opened");
    for (int i = 0; i < MOST_ACTIONS; i++) /* sections that were pushed outside any tape */
        wg_section_pop();
    wg_replay_destroy(w->replay);
    wg_free(w->captured);
    while (w->n > 0) {
        const struct handle h = w->handle[--w->n];
        if (!h.borrowed)
            wg_free(h.t);
    }
    wg_optim_destroy(w->optim);
    wg_nn_destroy(w->net);
    judge(w, wg_error_first() == NULL);
}

static void run_sequence(uint64_t seed, bool verbose)
{
    int closures = 0;
    const int64_t live = live_bytes();
    static struct world world; /* too large for the stack of a small thread */
    world = (struct world){.random = seed, .seed = seed, .verbose = verbose, .closures = &closures};
    running = seed;
    for (int i = LEAST_ACTIONS + below(&world, MOST_ACTIONS - LEAST_ACTIONS + 1); i > 0; i--) {
        const struct action *action = choose(&world);
        world.doing = action->name;
        action->run(&world);
        if (strcmp(action->name, "memory_fail") != 0)
            wg_memory_fail(-1, false);
        make_way(&world);
    }
    finish(&world);
    if (seed % 256 == 0)
        wg_memory_trim();
    if (closures != 0)
        broken(&world, "%d contexts of closures were not destroyed once", closures);
    if (live_bytes() != live)
        broken(&world, "%lld bytes are left in use", (long long)(live_bytes() - live));
}

int main(int argc, char **argv)
{
    uint64_t from = 1, sequences = getenv("WENGERT_LONG") ? 10000000 : UINT64_MAX;
    double seconds = getenv("WENGERT_LONG") ? 1e9 : 5;
    bool verbose = false;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (i + 1 < argc && strcmp(argv[i], "--sequences") == 0)
            sequences = strtoull(argv[++i], NULL, 10), seconds = 1e9;
        else if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0)
            seconds = atof(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[++i], NULL, 10);
        else
            return fprintf(stderr, "usage: fuzz [--sequences N | --seconds N] [--from SEED] [--verbose]\n"), 2;
#ifdef FUZZ_SANITIZED
    __sanitizer_set_death_callback(reported);
#else
    signal(SIGSEGV, died);
#endif
    signal(SIGABRT, died);
    const time_t start = time(NULL);
    uint64_t done = 0;
    if (wg_warmup(2) != WG_OK || !wg_generator_default())
        return wg_error_report(stderr);
    for (; done < sequences && ((done & 63) || difftime(time(NULL), start) < seconds); done++)
        run_sequence(from + done, verbose);
    printf("ok 1 - %llu random sequences of calls\n1..1\n", (unsigned long long)done);
    return 0;
}
