//! The next revision of a task definition: what RegisterTaskDefinition is sent, made of what
//! DescribeTaskDefinition answered. Must carry over every member that both shapes have; a member left out
//! here would silently vanish from the customer's service.

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{ContainerDefinition, Tag, TaskDefinition};

use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Marks};

/// The operation that takes it.
pub(super) const REGISTER: &str = "RegisterTaskDefinition";

/// A task definition like `base`, with another image in the named container (if given) and with these marks
/// among its tags.
#[expect(deprecated, reason = "a base registered while AWS had inference accelerators may still carry them")]
pub(super) fn next_revision(
    base: TaskDefinition,
    tags: &[Tag],
    image: Option<(&str, &str)>,
    marks: &Marks,
) -> Answer<RegisterTaskDefinitionInputBuilder> {
    let name = base.task_definition_arn.clone().unwrap_or_default();
    let mut containers = base.container_definitions;
    if let Some((container, image)) = image {
        set_image(&name, containers.as_deref_mut().unwrap_or_default(), container, image)?;
    }
    // Members in the order of the API reference. Left out is only what ECS itself makes: the ARN, revision,
    // status, times, registeredBy, requiresAttributes and compatibilities.
    Ok(RegisterTaskDefinitionInput::builder()
        .set_family(base.family)
        .set_task_role_arn(base.task_role_arn)
        .set_execution_role_arn(base.execution_role_arn)
        .set_network_mode(base.network_mode)
        .set_container_definitions(containers)
        .set_volumes(base.volumes)
        .set_placement_constraints(base.placement_constraints)
        .set_requires_compatibilities(base.requires_compatibilities)
        .set_cpu(base.cpu)
        .set_memory(base.memory)
        .set_tags(marked(tags, marks))
        .set_pid_mode(base.pid_mode)
        .set_ipc_mode(base.ipc_mode)
        .set_proxy_configuration(base.proxy_configuration)
        .set_inference_accelerators(base.inference_accelerators)
        .set_ephemeral_storage(base.ephemeral_storage)
        .set_runtime_platform(base.runtime_platform)
        .set_enable_fault_injection(base.enable_fault_injection))
}

fn set_image(
    task_definition: &str,
    containers: &mut [ContainerDefinition],
    name: &str,
    image: &str,
) -> Answer<()> {
    if let Some(container) = containers.iter_mut().find(|container| container.name() == Some(name)) {
        container.image = Some(image.to_owned());
        return Ok(());
    }
    let known: Vec<&str> = containers.iter().filter_map(ContainerDefinition::name).collect();
    Err(Fault::new(
        Service::Ecs,
        REGISTER,
        FaultKind::Refused,
        format!("{task_definition} has no container {name}; it has: {}", known.join(", ")),
    ))
}

/// The tags with the marks put in; a mark replaces the tag of its key. Keys of AWS's own cannot be set.
/// ECS refuses an empty list of tags, so none is `None`.
fn marked(tags: &[Tag], marks: &Marks) -> Option<Vec<Tag>> {
    let kept = tags.iter().filter(|tag| {
        let key = tag.key().unwrap_or_default();
        !marks.contains_key(key) && !key.to_ascii_lowercase().starts_with("aws:")
    });
    let added = marks.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let all: Vec<Tag> = kept.cloned().chain(added).collect();
    Some(all).filter(|all| !all.is_empty())
}

#[cfg(test)]
#[expect(deprecated, reason = "the deprecated member is carried over like every other")]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::primitives::DateTime;
    use aws_sdk_ecs::types::{
        Attribute, Compatibility, CpuArchitecture, EphemeralStorage, InferenceAccelerator, IpcMode,
        KeyValuePair, NetworkMode, OsFamily, PidMode, ProxyConfiguration, RuntimePlatform,
        TaskDefinitionPlacementConstraint, TaskDefinitionStatus, Volume,
    };

    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag::builder().key(key).value(value).build()
    }

    /// A task definition with every member set.
    fn full() -> TaskDefinition {
        let container = |name: &str| {
            ContainerDefinition::builder()
                .name(name)
                .image(format!("example.org/{name}:1"))
                .environment(KeyValuePair::builder().name("A").value("b").build())
                .essential(true)
                .build()
        };
        TaskDefinition::builder()
            .task_definition_arn("arn:aws:ecs:eu-west-1:1:task-definition/shop:4")
            .container_definitions(container("app"))
            .container_definitions(container("sidecar"))
            .family("shop")
            .task_role_arn("arn:aws:iam::1:role/task")
            .execution_role_arn("arn:aws:iam::1:role/execution")
            .network_mode(NetworkMode::Awsvpc)
            .revision(4)
            .volumes(Volume::builder().name("data").build())
            .status(TaskDefinitionStatus::Active)
            .requires_attributes(Attribute::builder().name("x").build().unwrap())
            .placement_constraints(TaskDefinitionPlacementConstraint::builder().expression("x").build())
            .compatibilities(Compatibility::Fargate)
            .runtime_platform(
                RuntimePlatform::builder()
                    .cpu_architecture(CpuArchitecture::Arm64)
                    .operating_system_family(OsFamily::Linux)
                    .build(),
            )
            .requires_compatibilities(Compatibility::Fargate)
            .cpu("256")
            .memory("512")
            .inference_accelerators(
                InferenceAccelerator::builder().device_name("d").device_type("t").build().unwrap(),
            )
            .pid_mode(PidMode::Task)
            .ipc_mode(IpcMode::Task)
            .proxy_configuration(ProxyConfiguration::builder().container_name("app").build().unwrap())
            .registered_at(DateTime::from_secs(1))
            .deregistered_at(DateTime::from_secs(2))
            .delete_requested_at(DateTime::from_secs(3))
            .registered_by("someone")
            .ephemeral_storage(EphemeralStorage::builder().size_in_gib(30).build())
            .enable_fault_injection(true)
            .build()
    }

    /// The top-level members of a shape and their values, read from its pretty debug form: the one place
    /// where Rust tells which members the SDK's shape has, those added by a later SDK included.
    fn members(shape: &impl std::fmt::Debug) -> BTreeMap<String, String> {
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        let mut current = String::new();
        for line in format!("{shape:#?}").lines() {
            let name =
                line.strip_prefix("    ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
            match name.and_then(|rest| rest.split_once(": ")) {
                Some((name, value)) => {
                    current = name.to_owned();
                    members.insert(current.clone(), value.to_owned());
                }
                None => {
                    if let Some(value) = members.get_mut(&current) {
                        value.push_str(line);
                    }
                }
            }
        }
        members
    }

    #[test]
    fn every_member_that_both_shapes_have_is_carried_over() {
        let base = members(&full());
        for (member, value) in &base {
            assert!(value != "None,", "TaskDefinition.{member} is not set by this test: set it in full()");
        }
        let registered =
            next_revision(full(), &[tag("a", "b")], None, &Marks::new()).unwrap().build().unwrap();
        let registered = members(&registered);
        assert!(registered.len() >= 18, "found only {registered:?}");
        for (member, value) in registered {
            if member == "tags" {
                assert!(value.contains("\"a\""), "tags were lost: {value}");
                continue;
            }
            let expected = base.get(&member).unwrap_or_else(|| {
                panic!("RegisterTaskDefinition has a member {member} that is new: decide where it comes from")
            });
            assert_eq!(&value, expected, "{member} was not carried over");
        }
    }

    #[test]
    fn only_the_named_container_changes_its_image() {
        let next = next_revision(full(), &[], Some(("app", "repo@sha256:1")), &Marks::new()).unwrap();
        let containers = next.get_container_definitions().clone().unwrap();
        let mut expected = full().container_definitions.unwrap();
        expected[0].image = Some("repo@sha256:1".to_owned());
        assert_eq!(containers, expected);
    }

    #[test]
    fn a_container_that_is_not_there_is_refused_with_those_that_are() {
        let fault = next_revision(full(), &[], Some(("web", "x")), &Marks::new()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.message.contains("shop:4 has no container web; it has: app, sidecar"), "{fault}");
    }

    #[test]
    fn marks_are_added_to_the_tags_and_replace_those_of_their_key() {
        let tags = [tag("team", "shop"), tag("lockstep:deployment", "old"), tag("aws:cloudformation:x", "y")];
        let marks = Marks::from([("lockstep:deployment".to_owned(), "new".to_owned())]);
        let next = next_revision(full(), &tags, None, &marks).unwrap();
        let expected = [tag("team", "shop"), tag("lockstep:deployment", "new")];
        assert_eq!(next.get_tags().as_deref(), Some(&expected[..]));
        assert_eq!(*next_revision(full(), &[], None, &Marks::new()).unwrap().get_tags(), None);
    }
}
