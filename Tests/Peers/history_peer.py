"""Reads what `sweepd export` wrote with the tools it was written for, and prints what they found as one JSON document.

    history_peer.py tensorboard DIR      the scalars of each run, and the table of the plugin HParams
    history_peer.py optuna FILE          the study: its direction, its trials, and what its own sampler proposes next
    history_peer.py fronts FILE          a study of several objectives: directions, values, what is on its front and proposed next
    history_peer.py dashboard FILE       the study as optuna-dashboard serves it, asked of its own application without a port
    history_peer.py mlflow URL NAME      the runs of an experiment, parent first
"""
import json
import math
import sys


def plain(value):
    """JSON has no numbers that are not finite."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def tensorboard(folder):
    import logging

    from tensorboard.backend.event_processing import plugin_event_multiplexer
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

    logging.disable(logging.ERROR)
    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(folder)
    multiplexer.Reload()
    runs = {}
    sessions = {}
    experiment = None
    for run in sorted(multiplexer.Runs()):
        accumulator = multiplexer.GetAccumulator(run)
        scalars = accumulator.Tags()["tensors"]
        runs[run] = {
            tag: [[event.step, plain(float(event.tensor_proto.float_val[0]))] for event in accumulator.Tensors(tag)]
            for tag in scalars
            if not tag.startswith("_hparams_")
        }
        for tag, content in multiplexer.PluginRunToTagToContent("hparams").get(run, {}).items():
            data = plugin_data_pb2.HParamsPluginData.FromString(content)
            if tag == "_hparams_/experiment":
                experiment = data.experiment
            elif tag == "_hparams_/session_start_info":
                start = data.session_start_info
                values = {key: getattr(value, value.WhichOneof("kind")) for key, value in start.hparams.items()}
                sessions.setdefault(run, {})["hparams"] = values
            elif tag == "_hparams_/session_end_info":
                sessions.setdefault(run, {})["status"] = api_pb2.Status.Name(data.session_end_info.status)
    return {
        "runs": runs,
        "sessions": sessions,
        "hparams": {
            info.name: {
                "type": api_pb2.DataType.Name(info.type),
                "domain": info.WhichOneof("domain"),
                "description": info.description,
            }
            for info in experiment.hparam_infos
        },
        "metrics": [info.name.tag for info in experiment.metric_infos],
    }


def optuna(path):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = JournalStorage(JournalFileBackend(path))
    (summary,) = optuna.get_all_study_summaries(storage)
    study = optuna.load_study(study_name=summary.study_name, storage=storage, sampler=optuna.samplers.TPESampler(seed=1))
    trials = [
        {
            "state": trial.state.name,
            "value": trial.value,
            "params": trial.params,
            "intermediate": {str(step): value for step, value in trial.intermediate_values.items()},
            "attributes": trial.user_attrs,
            "distributions": {name: str(domain) for name, domain in trial.distributions.items()},
            "started": trial.datetime_start is not None,
            "ended": trial.datetime_complete is not None,
        }
        for trial in study.trials
    ]
    # Each trial passes the checks that Optuna has for those of others.
    optuna.create_study(direction=study.direction.name.lower()).add_trials(
        [trial for trial in study.trials if trial.state.is_finished()]
    )
    # The study can be gone on with: its sampler reads the trials, and a new trial can be told.
    asked = study.ask(study.trials[0].distributions)
    study.tell(asked, 1.0)
    return {
        "name": study.study_name,
        "direction": study.direction.name,
        "metric_names": study.metric_names,
        "best": study.best_trial.number,
        "trials": trials,
        "asked": asked.params,
    }


def fronts(path):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = JournalStorage(JournalFileBackend(path))
    (summary,) = optuna.get_all_study_summaries(storage)
    asked = {}
    front = [trial.number for trial in optuna.load_study(study_name=summary.study_name, storage=storage).best_trials]
    for kind in (optuna.samplers.NSGAIISampler, optuna.samplers.TPESampler):
        study = optuna.load_study(study_name=summary.study_name, storage=storage, sampler=kind(seed=1))
        trial = study.ask(study.trials[0].distributions)
        asked[kind.__name__] = sorted(trial.params)
        study.tell(trial, [9.0] * len(study.directions))
    given = [trial for trial in study.trials if trial.user_attrs]
    optuna.create_study(directions=[direction.name.lower() for direction in study.directions]).add_trials(
        [trial for trial in given if trial.state.is_finished()]
    )
    return {
        "directions": [direction.name for direction in study.directions],
        "metric_names": study.metric_names,
        "states": [trial.state.name for trial in given],
        "values": [trial.values for trial in given],
        "front": front,
        "asked": asked,
    }


def dashboard(path):
    from wsgiref.util import setup_testing_defaults

    import optuna_dashboard
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    application = optuna_dashboard.wsgi(JournalStorage(JournalFileBackend(path)))

    def get(address, query=""):
        request, said = {}, []
        setup_testing_defaults(request)
        request.update(REQUEST_METHOD="GET", PATH_INFO=address, QUERY_STRING=query)
        body = b"".join(application(request, lambda status, *_: said.append(status)))
        if said[0] != "200 OK":
            sys.exit(f"{address}: {said[0]} {body[:500]}")
        return body

    get("/dashboard")
    (summary,) = json.loads(get("/api/studies"))["study_summaries"]
    study = json.loads(get(f"/api/studies/{summary['study_id']}", "after=0"))
    return {
        "name": summary["study_name"],
        "directions": study["directions"],
        "metric_names": study["objective_names"],
        "states": [trial["state"] for trial in study["trials"]],
        "best": [trial["number"] for trial in study["best_trials"]],
        "intermediate": [[one["step"], plain(one["value"])] for one in study["trials"][0]["intermediate_values"]],
        "parameters": sorted(one["name"] for one in study["union_search_space"]),
        "attributes": [one["key"] for one in study["trials"][0]["user_attrs"]],
    }


def mlflow(url, name):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(url)
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    return {
        "runs": [
            {
                "id": run.info.run_id,
                "name": run.info.run_name,
                "status": run.info.status,
                "parent": run.data.tags.get("mlflow.parentRunId"),
                "params": run.data.params,
                "tags": {key: value for key, value in run.data.tags.items() if key.startswith("sweepd.")},
                "metrics": {
                    key: [[point.step, plain(point.value)] for point in client.get_metric_history(run.info.run_id, key)]
                    for key in run.data.metrics
                },
            }
            for run in sorted(runs, key=lambda run: (run.data.tags["sweepd.role"] != "sweep", run.info.run_name))
        ]
    }


if __name__ == "__main__":
    json.dump({"tensorboard": tensorboard, "optuna": optuna, "fronts": fronts, "dashboard": dashboard, "mlflow": mlflow}[sys.argv[1]](*sys.argv[2:]), sys.stdout)
