/* A process that computed with threads forks, and the child computes (workers of an environment, a data loader): the child has the parent's
   result, whoever used how many threads before. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

static double work(void)
{
    WG_TAPE(tape);
    wg_tensor *a = wg_full(WG_F32, WG_SHAPE(600, 600), 0.5);
    return wg_item(wg_sum(wg_exp(wg_mul_scalar(wg_matmul(a, a), 1e-3))));
}

struct way {
    const char *name;
    int parents, childs; /* threads; 0: the parent does not compute, the child sets nothing */
};

static void fork_and_work(const struct way *way)
{
    if (wg_set_threads(way->parents ? way->parents : 2) != WG_OK)
        exit(2);
    const double parent = way->parents ? work() : 0;
    const pid_t child = fork();
    if (child == 0) {
        alarm(30);
        if (way->childs && wg_set_threads(way->childs) != WG_OK)
            _exit(4);
        const double got = work();
        _exit(!way->parents || got == parent ? 0 : 3);
    }
    int status = 0;
    waitpid(child, &status, 0);
    is_(way->name, WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    static const struct way ways[] = {{"the parent never computed", 0, 0},
                                      {"the parent with 1 thread", 1, 2},
                                      {"both with 2 threads", 2, 0},
                                      {"the child asks for 1 thread", 2, 1},
                                      {"the child asks for more threads", 2, 3}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        fork_and_work(&ways[i]);
    return end_();
}
